/**
 * The record of an unfinished `elegant align`: one line per finished photo, so that the same command can continue after
 * any kind of end.
 */
import { appendFile, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeMismatch, fromSystemError, InputError, rethrowAs } from "../errors.js";
import { ensureDir, isTemporary, removeTemporaries, writeFileAtomic } from "../files.js";
import { parseJson } from "../json.js";
import { alignedFace } from "./transforms.js";

export const UNFINISHED_FILE = "unfinished.jsonl";
const FORMAT = "elegant-align-unfinished-1";

/** The options that determine a crop. */
const optionsSchema = z.object({
  size: z.number(),
  format: z.string(),
  quality: z.number(),
  all: z.boolean(),
  minScore: z.number(),
});
const headSchema = z.object({ format: z.literal(FORMAT), options: optionsSchema });
const photoSchema = z.object({
  /** Absolute path. */
  photo: z.string(),
  faces: z.array(alignedFace).readonly(),
  /** Reasons why other faces of the photo were not aligned. */
  refused: z.array(z.string()).readonly(),
});

export type CropOptions = Readonly<z.infer<typeof optionsSchema>>;
export type DonePhoto = Readonly<z.infer<typeof photoSchema>>;

const OPTION_NAMES: Readonly<Record<keyof CropOptions, string>> = {
  size: "--size",
  format: "--format",
  quality: "--quality",
  all: "--all",
  minScore: "--min-score",
};

export class AlignRecord {
  /** Photos of earlier runs, in the order in which they were finished. */
  readonly earlier: readonly DonePhoto[];
  private readonly path: string;
  private isBegun: boolean;

  private constructor(
    private readonly folder: string,
    private readonly options: CropOptions,
    earlier: readonly DonePhoto[] | null,
  ) {
    this.path = join(folder, UNFINISHED_FILE);
    this.earlier = earlier ?? [];
    this.isBegun = earlier !== null;
  }

  /**
   * Opens the folder of the crops: new, empty, or left by an unfinished run with the same options.
   * @throws InputError for any other folder, and for a file
   */
  static async open(folder: string, options: CropOptions): Promise<AlignRecord> {
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
      if (error.code === "ENOENT") return [];
      if (error.code !== "ENOTDIR") throw fromSystemError(error, `--out ${folder}`);
      const expected = "a new or empty folder";
      throw new InputError(describeMismatch(`--out ${folder}`, expected, "a file", "Choose another --out."));
    });
    if (!names.includes(UNFINISHED_FILE)) {
      const others = names.filter((name) => !isTemporary(name));
      if (others.length === 0) return new AlignRecord(folder, options, null);
      const received = `${folder} with ${others.length} ${others.length === 1 ? "entry" : "entries"}`;
      throw new InputError(describeMismatch("--out", "a new or empty folder", received, "Choose another."));
    }
    return new AlignRecord(folder, options, await readRecord(folder, options));
  }

  /** Records a photo whose crops are written. The first call makes the folder and the record. */
  async append(photo: DonePhoto): Promise<void> {
    if (!this.isBegun)
      await writeFileAtomic(this.path, `${JSON.stringify({ format: FORMAT, options: this.options })}\n`);
    this.isBegun = true;
    await appendFile(this.path, `${JSON.stringify(photo)}\n`).catch(rethrowAs(`Cannot write '${this.path}'`));
  }

  /** Makes the folder if it does not exist. */
  makeFolder(): Promise<void> {
    return ensureDir(this.folder);
  }

  /** Removes the record. Call it when all photos are done. */
  async finish(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

async function readRecord(folder: string, options: CropOptions): Promise<readonly DonePhoto[]> {
  const path = join(folder, UNFINISHED_FILE);
  await removeTemporaries(folder);
  const text = await readFile(path, "utf8").catch(rethrowAs(`Reading '${path}'`));
  // If a crash cut off the last line, its photo is done again.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const [first = "", ...others] = whole.split("\n").filter(Boolean);
  const head = parseJson(headSchema, first);
  const photos = others.flatMap((line) => parseJson(photoSchema, line) ?? []);
  if (head === null || photos.length < others.length) {
    const remedy = "Choose another --out.";
    throw new InputError(describeMismatch(path, "the record of elegant align", "something else", remedy));
  }
  for (const [key, name] of Object.entries(OPTION_NAMES) as [keyof CropOptions, string][]) {
    const [expected, received] = [head.options[key], options[key]];
    if (expected === received) continue;
    const remedy = "Use the same options to continue it, or choose another --out.";
    throw new InputError(
      describeMismatch(
        `--out ${folder}: ${name}`,
        `${expected}, as in the run that was interrupted`,
        `${received}`,
        remedy,
      ),
    );
  }
  if (whole !== text) await writeFileAtomic(path, whole);
  return photos;
}
