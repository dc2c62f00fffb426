/** Writes the crops of a preprocess run, as a file per photo or as packed files of many, and finds those that exist already. */
import { appendFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FaceRecord } from "../dataset/face-record.js";
import { OPEN } from "../dataset/lists.js";
import { PACKED_DIR, packedName, readPackedIndex } from "../dataset/packed.js";
import { fromSystemError, InputError, rethrowAs } from "../errors.js";
import { removeTemporaries } from "../files.js";
import { writeWhole } from "../image/photo.js";
import type { LandmarkFrame } from "../image/tasks.js";
import { ItemFailures } from "../pool/item-failures.js";
import type { AlignJob } from "./align-all.js";
import { faceName } from "./crop-names.js";
import { type FinishedCrop, formatRecords, groupByPhoto, RECORDS } from "./manifest.js";
import { cropFormat, type OutputFormat, type PackedFormat } from "./output-format.js";
import { PackedWriter } from "./packed-writer.js";
import type { PlannedPhoto, PreprocessPlan } from "./plan.js";
import type { AlignedPhoto, AlignItem, AlignResult, DetectSettings, MadeCrop } from "./tasks.js";

export const PHOTOS_PER_TASK = 16;

/** A photo that has no crop, or a face of it. */
export interface Failure {
  /** Name of the photo in the source. */
  readonly file: string;
  /** One line that says why. */
  readonly reason: string;
}

export interface CropOptions {
  readonly size: number;
  readonly format: OutputFormat;
  /** 1 to 100, for JPEG only. */
  readonly quality: number;
  readonly landmarkFrame: LandmarkFrame | undefined;
  readonly maxPixels: number | undefined;
  readonly tolerant: boolean | undefined;
  readonly detect: DetectSettings | undefined;
}

/** The photos of a task in order, and whether the task is the last one of its unit. */
export interface Batch {
  readonly photos: readonly PlannedPhoto[];
  readonly endsUnit: boolean;
}

export interface CropOutput {
  /** Crops of finished photos, by the photo's name. It grows with each batch. */
  readonly finished: Map<string, readonly FinishedCrop[]>;
  readonly failures: Failure[];
  /** Number of photos that this run has to make. */
  readonly remaining: number;
  jobs(): Iterable<AlignJob<Batch>>;
  /** Stores the results of a batch, in the order of the jobs. @throws RetryableError if the disk is full */
  take(batch: Batch, result: AlignResult): Promise<void>;
  /** Removes everything half-written. Call it after a failure or an interruption. */
  discard(): Promise<void>;
}

/** The tasks of photos, `PHOTOS_PER_TASK` at a time within each unit. */
export function* jobsOf(
  units: readonly (readonly PlannedPhoto[])[],
  { format, ...options }: CropOptions,
  item: (photo: PlannedPhoto) => AlignItem,
): Generator<AlignJob<Batch>> {
  for (const unit of units) {
    for (let first = 0; first < unit.length; first += PHOTOS_PER_TASK) {
      const photos = unit.slice(first, first + PHOTOS_PER_TASK);
      yield {
        task: { ...options, format: cropFormat(format), items: photos.map(item) },
        tag: { photos, endsUnit: first + PHOTOS_PER_TASK >= unit.length },
      };
    }
  }
}

/** The records of a photo's crops. */
function recordsOf({ file, output }: PlannedPhoto, { crops, dropped, damaged }: AlignedPhoto): readonly FinishedCrop[] {
  return crops.map(({ matrix, points, found }, i): FinishedCrop => {
    const about = { file, output: faceName(output, i + 1), matrix, ...(damaged === null ? {} : { damaged }) };
    if (points === undefined) return about;
    const face: FaceRecord = {
      ...{ number: i + 1, of: crops.length, points: points as FaceRecord["points"] },
      ...(i === 0 && dropped.length > 0 ? { dropped } : {}),
      ...(found === undefined ? {} : { found }),
    };
    return { ...about, face };
  });
}

/** Divides a batch's results into finished photos, which are passed to `keep`, and failures of photos and of faces. */
async function sort(
  { photos }: Batch,
  { results }: AlignResult,
  failures: Failure[],
  watch: ItemFailures,
  keep: (records: readonly FinishedCrop[], crops: readonly MadeCrop[], planned: PlannedPhoto) => Promise<void> | void,
): Promise<void> {
  for (const [i, result] of results.entries()) {
    const planned = photos[i];
    watch.note(result.ok ? null : result);
    if (result.ok) {
      if (result.crops.length > 0) await keep(recordsOf(planned, result), result.crops, planned);
      for (const reason of result.dropped) failures.push({ file: planned.file, reason });
    } else failures.push({ file: result.file, reason: result.reason });
  }
}

/** Writes to OUT/images, with a record of each finished photo in manifest.jsonl. */
export class ImageOutput implements CropOutput {
  readonly finished: Map<string, readonly FinishedCrop[]>;
  readonly failures: Failure[];
  private readonly watch = new ItemFailures();
  readonly remaining: number;
  private readonly photos: readonly PlannedPhoto[];

  private constructor(
    private readonly plan: PreprocessPlan,
    private readonly out: string,
    private readonly options: CropOptions,
    earlier: readonly FinishedCrop[],
  ) {
    this.finished = groupByPhoto(earlier);
    this.failures = plan.photos.flatMap(({ file }) => {
      const reasons = this.finished.get(file)?.[0].face?.dropped ?? [];
      return reasons.map((reason) => ({ file, reason }));
    });
    this.photos = plan.photos.filter(({ file }) => !this.finished.has(file));
    this.remaining = this.photos.length;
  }

  /** @param earlier finished crops of an earlier run; null in a new folder */
  static async open(
    plan: PreprocessPlan,
    out: string,
    options: CropOptions,
    earlier: readonly FinishedCrop[] | null,
  ): Promise<ImageOutput> {
    const output = new ImageOutput(plan, out, options, earlier ?? []);
    const images = join(out, "images");
    const folders = new Set(plan.photos.map((photo) => dirname(join(images, photo.output)))).add(images);
    for (const folder of folders) {
      await mkdir(folder, { recursive: true });
      await removeTemporaries(folder);
    }
    // A killed run may have left half a line at the end of the file.
    if (earlier !== null) writeWhole(join(out, RECORDS), formatRecords([...output.finished.values()].flat()));
    return output;
  }

  jobs(): Iterable<AlignJob<Batch>> {
    const { out, plan, options, photos } = this;
    return jobsOf([photos], options, ({ file, input, output, placement }) => ({
      file,
      source: plan.locate(input),
      output: join(out, "images", output),
      placement,
    }));
  }

  async take(batch: Batch, result: AlignResult): Promise<void> {
    const made: FinishedCrop[] = [];
    try {
      await sort(batch, result, this.failures, this.watch, (records, _, { file }) => {
        this.finished.set(file, records);
        made.push(...records);
      });
    } finally {
      await appendFile(join(this.out, RECORDS), formatRecords(made)).catch(
        rethrowAs(`Writing ${join(this.out, RECORDS)}`),
      );
    }
  }

  async discard(): Promise<void> {}
}

/** Writes to OUT/shards. A unit of the plan is a packed file; it is finished when its index exists. */
export class PackedOutput implements CropOutput {
  readonly finished = new Map<string, readonly FinishedCrop[]>();
  readonly failures: Failure[] = [];
  private readonly watch = new ItemFailures();
  remaining = 0;
  private readonly units = new Map<number, PlannedPhoto[]>();
  private writer: PackedWriter | null = null;
  private failuresBefore = 0;
  private readonly folder: string;
  private readonly options: CropOptions & { readonly format: PackedFormat };

  private constructor(
    private readonly plan: PreprocessPlan,
    out: string,
    options: PackedOutput["options"],
    private readonly photosPerFile: number,
  ) {
    this.folder = join(out, PACKED_DIR);
    this.options = options;
  }

  static async open(
    plan: PreprocessPlan,
    out: string,
    options: CropOptions & { readonly format: PackedFormat },
    photosPerFile: number,
  ): Promise<PackedOutput> {
    const output = new PackedOutput(plan, out, options, photosPerFile);
    await mkdir(output.folder, { recursive: true });
    await removeTemporaries(output.folder);
    for (const photo of plan.photos) {
      const unit = output.unitOf(photo);
      const photos = output.units.get(unit);
      if (photos === undefined) output.units.set(unit, [photo]);
      else photos.push(photo);
    }
    for (const [unit, photos] of [...output.units])
      if (await output.isFinished(unit, photos)) output.units.delete(unit);
    output.remaining = [...output.units.values()].reduce((sum, { length }) => sum + length, 0);
    return output;
  }

  private unitOf({ index }: PlannedPhoto): number {
    return Math.floor(index / this.photosPerFile);
  }

  /** True if a packed file of exactly these photos exists. Then it is counted as finished. */
  private async isFinished(unit: number, photos: readonly PlannedPhoto[]): Promise<boolean> {
    const index = await readPackedIndex(join(this.folder, packedName("index", unit))).catch((error: unknown) => {
      if (error instanceof InputError) return null; // missing or incomplete, so it is made again
      throw error;
    });
    if (index === null) return false;
    const made = groupByPhoto(index.items.map(({ offset, length, ...crop }) => crop));
    const failed = new Set(index.failures.map(({ file }) => file));
    const known = photos.every(({ file, output }) => made.get(file)?.[0].output === output || failed.has(file));
    if (!known || new Set([...made.keys(), ...failed]).size !== photos.length) return false;
    for (const [file, crops] of made) this.finished.set(file, crops);
    this.failures.push(...index.failures);
    return true;
  }

  jobs(): Iterable<AlignJob<Batch>> {
    const { plan, options, units } = this;
    return jobsOf([...units.values()], options, ({ file, input, placement }) => ({
      file,
      source: plan.locate(input),
      output: null,
      placement,
    }));
  }

  async take(batch: Batch, result: AlignResult): Promise<void> {
    const { format, size } = this.options;
    if (this.writer === null) {
      this.writer = await PackedWriter.begin(format, this.folder, size, this.unitOf(batch.photos[0]));
      this.failuresBefore = this.failures.length;
    }
    const { writer } = this;
    try {
      await sort(batch, result, this.failures, this.watch, async (records, crops, planned) => {
        for (const [i, record] of records.entries()) {
          const { bytes } = crops[i];
          if (bytes === undefined) throw new Error(`${record.file}: no crop came back`);
          // Lists and labels belong to the largest face of a photo.
          await writer.add({ ...record, attributes: i === 0 ? this.attributesOf(planned) : null }, bytes);
        }
        this.finished.set(planned.file, records);
      });
      if (!batch.endsUnit) return;
      await writer.finish(this.failures.slice(this.failuresBefore));
      this.writer = null;
    } catch (error) {
      throw fromSystemError(error, `Writing to ${this.folder}`);
    }
  }

  /** Labels for the crop's JSON file: 1, -1, and null for an open one. */
  private attributesOf({ rows }: PlannedPhoto): Readonly<Record<string, number | null>> | null {
    const { attributes } = this.plan.lists;
    if (attributes === null || rows.attributes === null) return null;
    const { names, values } = attributes;
    const from = rows.attributes * names.length;
    const written = (label: number): number | null => (label === OPEN ? null : label === 1 ? 1 : -1);
    return Object.fromEntries(names.map((name, i) => [name, written(values[from + i])]));
  }

  async discard(): Promise<void> {
    if (this.writer === null) return;
    for (const { file } of this.writer.photos) this.finished.delete(file);
    this.failures.length = this.failuresBefore;
    await this.writer.discard();
    this.writer = null;
  }
}
