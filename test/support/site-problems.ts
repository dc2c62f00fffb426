/** Checks a folder of built pages for links without a target and for files that are loaded from other hosts. */
import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";

/** The addresses that an element links to, and those that the page itself loads: scripts, styles, pictures, frames. */
function addressesOf(html: string): { readonly links: readonly string[]; readonly loaded: readonly string[] } {
  const unescaped = (text: string): string => text.replaceAll("&amp;", "&");
  const [links, loaded]: [string[], string[]] = [[], []];
  for (const [, tag, attributes] of html.matchAll(/<([a-z][\w-]*)((?:\s+[^\s=>]+(?:="[^"]*")?)*)\s*\/?>/gi)) {
    for (const [, name, value] of attributes.matchAll(/\s(href|src|srcset|data|action)="([^"]*)"/gi)) {
      (tag.toLowerCase() === "a" && name.toLowerCase() === "href" ? links : loaded).push(unescaped(value));
    }
  }
  return { links, loaded };
}

const isElsewhere = (address: string): boolean => /^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(address);

/** @returns a line for each problem, in the order of the files' names */
export async function siteProblems(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll("\\", "/")).sort();
  const pages = new Map<string, { readonly html: string; readonly ids: ReadonlySet<string> }>();
  for (const name of names.filter((each) => each.endsWith(".html"))) {
    const html = await readFile(join(folder, name), "utf8");
    pages.set(name, { html, ids: new Set([...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id]) => id)) });
  }
  const problems: string[] = [];
  for (const [name, { html }] of pages) {
    const { links, loaded } = addressesOf(html);
    for (const address of loaded.filter(isElsewhere)) problems.push(`${name}: loads ${address}`);
    // Such as http://README.md, which a converter makes of a bare name.
    for (const address of links.filter((each) => each.startsWith("http:"))) problems.push(`${name}: links ${address}`);
    for (const address of [...links, ...loaded].filter((each) => !isElsewhere(each))) {
      const [file, anchor = ""] = address.split("#");
      const target = file === "" ? name : posix.join(posix.dirname(name), decodeURIComponent(file));
      if (!names.includes(target)) problems.push(`${name}: ${address}: no such file`);
      else if (anchor !== "" && pages.get(target)?.ids.has(decodeURIComponent(anchor)) === false) {
        problems.push(`${name}: ${address}: no such place`);
      }
    }
  }
  for (const name of names.filter((each) => each.endsWith(".css"))) {
    const css = await readFile(join(folder, name), "utf8");
    for (const [, address] of css.matchAll(/(?:url\(\s*|@import\s+)["']?([^"')\s]+)/g)) {
      if (isElsewhere(address) && !address.startsWith("data:")) problems.push(`${name}: loads ${address}`);
    }
  }
  return problems;
}
