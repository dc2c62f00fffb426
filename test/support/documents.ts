/** The fenced blocks of our documents, for tests that try what they describe. */
import { readdir, readFile } from "node:fs/promises";
import { fromRoot } from "./spawn.js";

export interface CommandLine {
  /** Path of the document, relative to the checkout. */
  readonly document: string;
  /** The words after `npx elegant-faces`, split as by a shell. */
  readonly args: readonly string[];
}

/** README.md, the guides in docs/, the decisions and the laboratory notes. */
export async function listDocuments(): Promise<string[]> {
  const texts = await Promise.all(
    ["docs", "docs/decisions", "bench/notes"].map(async (folder) =>
      (await readdir(fromRoot(folder)))
        .filter((name) => name.endsWith(".md"))
        .sort()
        .map((name) => `${folder}/${name}`),
    ),
  );
  return ["README.md", ...texts.flat()];
}

/** The texts of a document's blocks in the language `info`, the word after the fence. */
export async function fencedBlocks(document: string, info: string): Promise<string[]> {
  const text = await readFile(fromRoot(document), "utf8");
  return [...text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)]
    .filter(([, word]) => word === info)
    .map((match) => match[2]);
}

/** Every command line of a document's shell blocks that starts with `npx elegant-faces`, without comments. */
export async function commandLines(document: string): Promise<CommandLine[]> {
  const blocks = await fencedBlocks(document, "");
  const lines = blocks.flatMap((block) => block.replace(/\\\n\s*/g, "").split("\n"));
  return lines.flatMap((line) => {
    const [program, name, ...args] = line
      .replace(/\s#.*$/, "")
      .trim()
      .split(/\s+/);
    return program === "npx" && name === "elegant-faces" ? [{ document, args }] : [];
  });
}
