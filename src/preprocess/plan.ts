/** Plans a preprocess run from the lists alone: which photos it uses, where each face is, and which names the outputs get. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type FaceLists, readLists } from "../dataset/dataset.js";
import { findImageDir } from "../dataset/layout.js";
import { ALIGNED_LANDMARKS, landmarksAt } from "../dataset/lists.js";
import { PresentFiles } from "../dataset/present.js";
import { describeMismatch, InputError } from "../errors.js";
import { withoutEnding } from "../image/endings.js";
import { isOutside } from "../image/photo.js";
import { readFileHeader } from "../image/read-file.js";
import type { Placement } from "../image/tasks.js";
import { describeNotRead, walkPictures } from "../image/walk-pictures.js";
import type { Rectangle } from "../types.js";
import { cropFormat, type OutputFormat } from "./output-format.js";

export interface PlannedPhoto {
  /** Position in the whole plan, which determines the photo's unit. */
  readonly index: number;
  /** Name within the source's image folder, as in the lists. */
  readonly file: string;
  /** The same name as the file system has it, possibly in another Unicode normalisation. */
  readonly input: string;
  /** Name within OUT/images, or of its entry in a packed file. */
  readonly output: string;
  readonly placement: Placement;
  /** Row in each list; null if the list is missing or does not name the photo. */
  readonly rows: Readonly<Record<keyof FaceLists, number | null>>;
}

export interface PreprocessPlan {
  readonly imageDir: string;
  readonly lists: FaceLists;
  readonly photos: readonly PlannedPhoto[];
}

export interface PlanOptions {
  readonly images: string | undefined;
  readonly format: OutputFormat;
  /** A square to cut out of photos that are aligned already. */
  readonly crop: Rectangle | null;
  readonly limit: number | null;
  /** Receives a line about images that are left out. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

function outputName(file: string, format: OutputFormat): string {
  return `${withoutEnding(file)}.${cropFormat(format)}`;
}

function rowsByFile(list: { readonly files: readonly string[] } | null): ReadonlyMap<string, number> {
  return new Map(list?.files.map((file, row) => [file, row]));
}

/**
 * Reads the source's lists and plans every photo: those of the landmark list or, with `crop`, those of any list,
 * otherwise those of the image folder. @throws InputError if something is missing or two photos would get the same name
 */
export async function planPreprocess(source: string, options: PlanOptions): Promise<PreprocessPlan> {
  const { format, crop, limit } = options;
  const imageDir = await findImageDir(source, options.images);
  const lists = await readLists(source, options.images);
  if (crop !== null && crop.width !== crop.height) {
    const received = `${crop.width} x ${crop.height}`;
    throw new InputError(describeMismatch("--crop", "a square", received, "Give equal width and height."));
  }
  if (crop === null && lists.landmarks === null) {
    const remedy = "Put the list of the photos' landmarks there, or give --crop x,y,w,h for photos that are aligned.";
    throw new InputError(describeMismatch(source, "list_landmarks_celeba.txt", "none", remedy));
  }
  const listed = crop === null ? lists.landmarks : (lists.attributes ?? lists.partition ?? lists.landmarks);
  const all = listed?.files ?? (await listPhotos(imageDir, options.onWarning));
  const inputs = await findInputs(imageDir, all);
  if (all.length === 0) throw new InputError(describeMismatch(imageDir, "photos", "none", "Check the folder."));
  const rowMaps = {
    attributes: rowsByFile(lists.attributes),
    landmarks: rowsByFile(lists.landmarks),
    partition: rowsByFile(lists.partition),
  };
  const byOutput = new Map<string, string>();
  const photos = all.slice(0, limit ?? all.length).map((file, index): PlannedPhoto => {
    // If there are x.jpg and x.png, the later one keeps its whole name.
    const output = byOutput.has(outputName(file, format)) ? `${file}.${cropFormat(format)}` : outputName(file, format);
    const rival = byOutput.get(output);
    if (rival !== undefined) {
      const received = `'${rival}' and '${file}'`;
      throw new InputError(describeMismatch(source, `one photo for ${output}`, received, "Rename one of them."));
    }
    byOutput.set(output, file);
    const rows = {
      attributes: rowMaps.attributes.get(file) ?? null,
      landmarks: rowMaps.landmarks.get(file) ?? null,
      partition: rowMaps.partition.get(file) ?? null,
    };
    const placement: Placement =
      crop === null
        ? { kind: "landmarks", points: landmarksAt(lists.landmarks!, rows.landmarks!) }
        : { kind: "crop", square: crop };
    return { index, file, input: inputs(file), output, placement, rows };
  });
  if (!photos.some(({ input }) => existsSync(join(imageDir, input)))) await refuseMissing(imageDir, photos);
  return { imageDir, lists, photos };
}

async function listPhotos(imageDir: string, warn: PlanOptions["onWarning"]): Promise<readonly string[]> {
  const { names, notRead } = await walkPictures(imageDir);
  const leftOut = describeNotRead(imageDir, notRead);
  if (leftOut !== null) warn?.(leftOut);
  return names;
}

/** Maps listed names to those of the file system. The folder is walked only if a name can be written in several ways. */
async function findInputs(imageDir: string, files: readonly string[]): Promise<(file: string) => string> {
  const isPlain = (name: string): boolean => name.normalize("NFD") === name && name.normalize("NFC") === name;
  if (files.every(isPlain)) return (file) => file;
  const present = new PresentFiles((await walkPictures(imageDir)).names);
  return (file) => (isPlain(file) ? file : (present.find(file) ?? file));
}

async function refuseMissing(imageDir: string, photos: readonly PlannedPhoto[]): Promise<never> {
  const [{ file }] = photos;
  const { names, notRead } = await walkPictures(imageDir);
  const other = new PresentFiles(names).findOtherEnding(file);
  const expected = `the photos of the list (the first is ${file})`;
  if (other !== null) {
    const received = `none of them, but ${other}`;
    throw new InputError(describeMismatch(imageDir, expected, received, "Correct the endings in the lists."));
  }
  const leftOut = describeNotRead(imageDir, notRead);
  const remedy = "Check the folder, or name another with --images DIR.";
  throw new InputError(
    describeMismatch(imageDir, expected, "none of them", leftOut === null ? remedy : `${remedy} ${leftOut}`),
  );
}

const VARIANT_SAMPLE = 100;
/** The size of CelebA's own aligned crops. */
const ALIGNED_CELEBA = { width: 178, height: 218 };

/**
 * Examines the first readable photos. The most frequent mistake is to use CelebA's aligned 178x218 images with the
 * in-the-wild list, which gives black crops. @throws InputError if the landmarks belong to other images
 */
export function checkVariant({ imageDir, lists, photos }: PreprocessPlan): void {
  let [checked, aligned, partly, wholly] = [0, 0, 0, 0];
  for (const { input, placement } of photos) {
    if (placement.kind !== "landmarks") return;
    if (checked === VARIANT_SAMPLE) break;
    const header = readFileHeader(join(imageDir, input));
    if (header === null) continue;
    checked++;
    // For a turned photo, the frame of the landmarks is not known yet. A square that contains both frames is fair to
    // either.
    const side = Math.max(header.width, header.height);
    const size = header.orientation === 1 ? header : { width: side, height: side };
    if (header.width === ALIGNED_CELEBA.width && header.height === ALIGNED_CELEBA.height) aligned++;
    if (placement.points.some((point) => isOutside([point], size))) partly++;
    if (isOutside(placement.points, size)) wholly++;
  }
  const seen = `of the first ${checked} photos`;
  if (checked > 0 && aligned === checked && partly * 5 >= checked) {
    throw new InputError(
      `${imageDir}: expected in-the-wild photos, received CelebA's aligned 178 x 218 pictures: the landmarks of ` +
        `${partly} ${seen} lie outside of the picture. Use the photos of img_celeba.7z with this list, or for these ` +
        `pictures ${ALIGNED_LANDMARKS}, or leave out the list and give --crop x,y,w,h.`,
    );
  }
  if (lists.landmarks?.ofAligned === true && aligned * 2 < checked) {
    const expected = "CelebA's aligned 178 x 218 pictures, to which list_landmarks_align_celeba belongs";
    const remedy = "Use list_landmarks_celeba for the in-the-wild photos.";
    const received = `other sizes for ${checked - aligned} ${seen}`;
    throw new InputError(describeMismatch(imageDir, expected, received, remedy));
  }
  if (checked > 1 && wholly * 2 > checked) {
    const received = `landmarks outside of the picture for ${wholly} ${seen}`;
    const remedy = "The list and the photos do not belong together: use the list of these very files.";
    throw new InputError(describeMismatch(imageDir, "landmarks within the photos", received, remedy));
  }
}
