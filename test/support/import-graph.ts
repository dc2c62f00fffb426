/** The imports between the files of src/, as their source has them. */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fromRoot } from "./spawn.js";

export interface Import {
  /** A file of src/ ("image/codec.ts"), or the name of a package or module. */
  readonly target: string;
  /** True if only types are imported, which leaves nothing at run time. */
  readonly isType: boolean;
  /** True for import(), which loads the file when the call runs. */
  readonly isDynamic: boolean;
}

export interface SourceFile {
  readonly imports: readonly Import[];
  /** The code without comments and texts. */
  readonly code: string;
}

const STATEMENT = /^(?:import|export)\b([^"';=(]*?)(?:\bfrom\s*)?"([^"]+)"/gm;
const CALL = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** True if every name of the clause is a type: "type { A }" or "{ type A, type B }". */
function hasTypesOnly(clause: string): boolean {
  const words = clause.trim();
  if (words.startsWith("type ")) return true;
  const names = /^\{([^}]*)\}$/.exec(words.replace(/\s+/g, " "))?.[1].split(",") ?? [];
  return names.length > 0 && names.every((name) => name.trim() === "" || name.trim().startsWith("type "));
}

/** Removes comments, and empties texts, templates and regular expressions as far as the checks need it. */
function withoutTexts(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""')
    .replace(/(^|\s)\/\/[^\n]*/g, "$1")
    .replace(/`(?:[^`\\$]|\\.|\$(?!\{))*`/g, '""');
}

function importsOf(file: string, source: string): Import[] {
  const resolve = (specifier: string): string =>
    specifier.startsWith(".") ? posix.join(dirname(file), specifier).replace(/\.js$/, ".ts") : specifier;
  const statements = [...source.matchAll(STATEMENT)].map(([, clause, specifier]) => {
    return { target: resolve(specifier), isType: hasTypesOnly(clause), isDynamic: false };
  });
  const calls = [...source.matchAll(CALL)].map(([, specifier]) => {
    return { target: resolve(specifier), isType: false, isDynamic: true };
  });
  return [...statements, ...calls];
}

/** @param file its path within src/ */
export function readSource(file: string, source: string): SourceFile {
  return { imports: importsOf(file, source), code: withoutTexts(source) };
}

/** Reads all files of src/, by their paths within it. */
export async function readImportGraph(): Promise<ReadonlyMap<string, SourceFile>> {
  const root = fromRoot("src");
  const names = (await readdir(root, { recursive: true })).filter((name) => /(?<!\.d)\.ts$/.test(name)).sort();
  const graph = new Map<string, SourceFile>();
  for (const name of names) {
    graph.set(name, readSource(name, await readFile(join(root, name), "utf8")));
  }
  return graph;
}
