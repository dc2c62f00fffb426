/** Turns the names of commands into links to their pages, where the text does not link them already. */
import { posix } from "node:path";

/** The file of a command's page. */
export const pageOf = (name) => `commands/${name.replaceAll(" ", "-")}.md`;

/** Text in which Markdown and HTML find no marks of theirs. */
export const escaped = (text) => text.replace(/[\\`*_<>[\]#|]/g, "\\$&");

/** Fenced blocks, headings and links stay as they are. */
const FIXED =
  /(^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\2[^\n]*$|^#[^\n]*$|!?\[(?:[^\]\\`\n]|\n(?!\n)|\\.|`[^`\n]*`)*\]\([^)\n]*\)|^ {4}[^\n]*$)/m;

/**
 * Folders whose pages have an index on the site. A link to such a folder, which a repository's page lists, leads to its index.
 */
export const INDEXED = ["bench/notes"];

/** TypeDoc makes a heading's anchor of its text without its code. GitHub's anchor, which our links name, contains the code. */
const plainHeading = (text) => (text.startsWith("#") ? text.replace(/`([^`]*)`/g, (_, code) => escaped(code)) : text);

/** Links that lead to a folder lead to the folder's index. */
function linkIndexes(text, path) {
  return text.replace(/\]\(([^)#:]+)\)/g, (link, target) => {
    const folder = posix.join(posix.dirname(path), target).replace(/\/$/, "");
    return INDEXED.includes(folder) ? `](${posix.relative(posix.dirname(path), folder)}/README.md)` : link;
  });
}

/**
 * @param text  Markdown
 * @param path  of its file, relative to the stage
 * @param names of all commands, such as "queue submit"
 * @returns the text, in which `elegant NAME ...` in code is a link to the page of NAME
 */
export function linkCommands(text, path, names) {
  const link = (code, words) => {
    const name = [words.slice(0, 2).join(" "), words[0]].find((each) => names.has(each));
    const target = name === undefined ? path : pageOf(name);
    return target === path ? code : `[${code}](${posix.relative(posix.dirname(path), target)})`;
  };
  const parts = [];
  let rest = text;
  for (let found = FIXED.exec(rest); found !== null; found = FIXED.exec(rest)) {
    parts.push([rest.slice(0, found.index), found[0]]);
    rest = rest.slice(found.index + found[0].length);
  }
  parts.push([rest, ""]);
  const linked = (prose) =>
    prose.replace(/`(?:npx )?elegant(?:-faces)? ([a-z][^`\n]*)`/g, (code, words) =>
      link(code, words.split(/[\s\\|]+/)),
    );
  return linkIndexes(parts.map(([prose, fixed]) => linked(prose) + plainHeading(fixed)).join(""), path);
}
