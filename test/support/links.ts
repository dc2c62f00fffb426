/** Finds links in Markdown that lead nowhere: to a file that does not exist, or to a heading that its page does not have. */
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fromRoot } from "./spawn.js";

/** The text without fenced blocks, in which `#` and brackets are code. */
const withoutBlocks = (text: string): string => text.replace(/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1[^\n]*$/gm, "");

/** What a reader sees of a heading: link texts without their targets, without marks of emphasis and code. */
const visible = (heading: string): string =>
  heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/`|\*{1,2}|(?<!\w)_|_(?!\w)/g, "");

/** The anchors of a page, as GitHub makes them of its headings: `-1`, `-2` and so on for those that are there already. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutBlocks(text).matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
    const slug = visible(heading)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let copy = 1; anchors.has(anchor); copy++) anchor = `${slug}-${copy}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The targets of a page's links and pictures: inline, by reference, and in HTML. Code has none. */
export function linksOf(text: string): string[] {
  const prose = withoutBlocks(text).replace(/`[^`\n]*`/g, "");
  return [/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g, /^ *\[[^\]]+\]: *(\S+)/gm, /\b(?:href|src)="([^"]*)"/g].flatMap(
    (pattern) => [...prose.matchAll(pattern)].map(([, target]) => target),
  );
}

/**
 * @param document path of a Markdown file, relative to the checkout
 * @param read     gives the text of a file by its path, null if there is none; a folder has an empty text
 * @returns a line for each relative link that leads nowhere
 */
export function brokenLinks(document: string, read: (path: string) => string | null = readFromCheckout): string[] {
  const text = read(document) ?? "";
  return linksOf(text).flatMap((link) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return []; // another host's page
    const [file, anchor] = link.split("#");
    const path = file === "" ? document : posix.join(posix.dirname(document), decodeURIComponent(file));
    const target = read(path);
    if (target === null) return [`${document}: ${link}: no such file`];
    return anchor === undefined || anchorsOf(target).has(anchor) ? [] : [`${document}: ${link}: no such heading`];
  });
}

function readFromCheckout(path: string): string | null {
  if (!existsSync(fromRoot(path))) return null;
  return path.endsWith(".md") ? readFileSync(fromRoot(path), "utf8") : "";
}
