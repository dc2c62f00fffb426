/** Reads the notes that a preprocess run has written next to its images, in a folder that may be incomplete or damaged. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { parseJson } from "../json.js";
import { listPackedIndexes, packedIndexSchema } from "./packed.js";

const manifestSchema = z.object({
  kind: z.literal("elegant-preprocess"),
  options: z.object({ images: z.string(), size: z.number(), format: z.string() }),
});
const recordSchema = z.object({
  file: z.string(),
  output: z.string(),
  face: z.object({ dropped: z.array(z.string()).default([]) }).exactOptional(),
});
const failureSchema = z.object({ file: z.string(), reason: z.string() });
export type PhotoFailure = z.infer<typeof failureSchema>;

export interface RunNotes {
  /** From manifest.json: the photos' folder, and the format as given to the command. Null if there is no manifest of ours. */
  readonly made: { readonly from: string; readonly format: string } | null;
  /** Outputs in manifest.jsonl, in its order. */
  readonly outputs: readonly string[];
  /** Failures in failures.json and in the packed files' indexes, without those of photos that a later run has finished. */
  readonly failures: readonly PhotoFailure[];
}

/** A file's contents; null if it is missing or half-written. */
async function readNote<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema> | null> {
  return parseJson(schema, await readFile(path, "utf8").catch(() => ""));
}

/** Reads the notes as far as possible. The images can be used without them. */
export async function readNotes(dir: string): Promise<RunNotes> {
  const manifest = await readNote(join(dir, "manifest.json"), manifestSchema);
  const lines = (await readFile(join(dir, "manifest.jsonl"), "utf8").catch(() => "")).split("\n");
  const outputs = new Set<string>();
  const finished = new Set<string>();
  /** Reasons of faces that were left out of photos that are finished. */
  const dropped = new Set<string>();
  for (const line of lines) {
    const record = parseJson(recordSchema, line); // null for the last line of a run that was killed
    if (record === null) continue;
    outputs.add(record.output);
    finished.add(record.file);
    for (const reason of record.face?.dropped ?? []) dropped.add(reason);
  }
  const failures = new Map<string, PhotoFailure>();
  const add = (list: readonly PhotoFailure[]): void => {
    for (const failure of list) {
      if (!finished.has(failure.file) || dropped.has(failure.reason))
        failures.set(`${failure.file}\0${failure.reason}`, failure);
    }
  };
  for (const path of await listPackedIndexes(dir)) {
    add((await readNote(path, packedIndexSchema))?.failures ?? []);
  }
  add((await readNote(join(dir, "failures.json"), z.array(failureSchema))) ?? []);
  const made = manifest === null ? null : { from: manifest.options.images, format: manifest.options.format };
  return { made, outputs: [...outputs], failures: [...failures.values()] };
}

export interface FailureGroup {
  /** The reason, with the file's name replaced by FILE and coordinates by [...]. */
  readonly reason: string;
  readonly count: number;
  /** The first few files. */
  readonly files: readonly string[];
}

const FILES_OF_A_GROUP = 5;

/** Groups failures of the same kind, the most frequent first. */
export function groupFailures(failures: readonly PhotoFailure[]): FailureGroup[] {
  const groups = new Map<string, string[]>();
  for (const { file, reason } of failures) {
    // Including the folders before the name, because system errors contain the whole path.
    const escaped = [file, basename(file)].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const name = `(?:${escaped.join("|")})`;
    const general = reason
      .replace(new RegExp(`'[^']*${name}'|[^\\s'"(]*${name}`, "g"), (found) => (found[0] === "'" ? "'FILE'" : "FILE"))
      .replace(/\[[-\d.,\s[\]e]+\]/g, "[...]");
    const files = groups.get(general);
    if (files === undefined) groups.set(general, [file]);
    else files.push(file);
  }
  return [...groups]
    .map(([reason, files]) => ({ reason, count: files.length, files: files.slice(0, FILES_OF_A_GROUP) }))
    .sort((a, b) => b.count - a.count);
}
