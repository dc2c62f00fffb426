/** Our documents and their fenced blocks, for tests that try what they describe. */
import { readdir, readFile } from "node:fs/promises";
import { fromRoot } from "./spawn.js";

export interface CommandLine {
  /** Path of the document, relative to the checkout. */
  readonly document: string;
  /** The words after `npx elegant-faces`, split as by a shell. */
  readonly args: readonly string[];
}

/** The Markdown files of a folder and of those below it, relative to the checkout. */
export async function markdownBelow(folder: string): Promise<string[]> {
  const names = await readdir(fromRoot(folder), { recursive: true });
  return names
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .sort();
}

/** README.md, the guides and decisions in docs/, the notices of the shipped models, the examples, and the laboratory notes. */
export async function listDocuments(): Promise<string[]> {
  const folders = await Promise.all(["docs", "assets", "examples", "bench/notes"].map(markdownBelow));
  return ["README.md", ...folders.flat()];
}

/** The texts of a Markdown text's blocks in one of the languages `infos`, the words after the fence. */
export function blocksOf(text: string, ...infos: readonly string[]): string[] {
  return [...text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)]
    .filter(([, word]) => infos.includes(word))
    .map((match) => match[2]);
}

/** The texts of a document's blocks in one of the languages `infos`. */
export async function fencedBlocks(document: string, ...infos: readonly string[]): Promise<string[]> {
  return blocksOf(await readFile(fromRoot(document), "utf8"), ...infos);
}

/** A document's blocks of command lines. Older ones name no language. */
export function shellBlocks(document: string): Promise<string[]> {
  return fencedBlocks(document, "", "sh");
}

/** Every command line of a document's shell blocks that starts with `npx elegant-faces`, without comments. */
export async function commandLines(document: string): Promise<CommandLine[]> {
  const blocks = await shellBlocks(document);
  const lines = blocks.flatMap((block) => block.replace(/\\\n\s*/g, "").split("\n"));
  return lines.flatMap((line) => {
    const [program, name, ...args] = line
      .replace(/\s#.*$/, "")
      .trim()
      .split(/\s+/);
    return program === "npx" && name === "elegant-faces" ? [{ document, args }] : [];
  });
}
