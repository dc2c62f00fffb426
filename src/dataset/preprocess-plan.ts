/** What a preprocess run will do, decided from the lists alone: which photos, where each face is, which names. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import { isOutside } from "../image/photo.js";
import { readFileHeader } from "../image/read-file.js";
import type { Placement } from "../image/tasks.js";
import type { Rectangle } from "../types.js";
import { type FaceLists, findImageDir, IMAGE_EXTENSION, listImages, readLists } from "./dataset.js";
import { landmarksAt } from "./lists.js";
import { cropFormat, type OutputFormat } from "./output-format.js";

export interface PlannedPhoto {
  /** Its place in the whole plan, which says to which unit it belongs. */
  readonly index: number;
  /** Name within the source's image folder. */
  readonly file: string;
  /** Name within OUT/images, or of its entry in a shard. */
  readonly output: string;
  readonly placement: Placement;
  /** Row in each list, null where the list is missing or does not name the photo. */
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
  /** A square of photos that are aligned already. */
  readonly crop: Rectangle | null;
  readonly limit: number | null;
}

function outputName(file: string, format: OutputFormat): string {
  return `${file.replace(IMAGE_EXTENSION, "")}.${cropFormat(format)}`;
}

function rowsByFile(list: { readonly files: readonly string[] } | null): ReadonlyMap<string, number> {
  return new Map(list?.files.map((file, row) => [file, row]));
}

/**
 * Reads the source's lists and plans every photo: those of the landmark list, or with `crop` those of any list, else
 * of the image folder. Throws InputError when something is missing or two photos would get the same name.
 */
export async function planPreprocess(source: string, options: PlanOptions): Promise<PreprocessPlan> {
  const { format, crop, limit } = options;
  const imageDir = await findImageDir(source, options.images);
  const lists = await readLists(source);
  if (crop !== null && crop.width !== crop.height) {
    const received = `${crop.width} x ${crop.height}`;
    throw new InputError(describeMismatch("--crop", "a square", received, "Give equal width and height."));
  }
  if (crop === null && lists.landmarks === null) {
    const remedy = "Put the list of the photos' landmarks there, or give --crop x,y,w,h for photos that are aligned.";
    throw new InputError(describeMismatch(source, "list_landmarks_celeba.txt", "none", remedy));
  }
  const listed = crop === null ? lists.landmarks : (lists.attributes ?? lists.partition ?? lists.landmarks);
  const all = listed?.files ?? (await listImages(imageDir));
  if (all.length === 0) throw new InputError(describeMismatch(imageDir, "photos", "none", "Check the folder."));
  const rowMaps = {
    attributes: rowsByFile(lists.attributes),
    landmarks: rowsByFile(lists.landmarks),
    partition: rowsByFile(lists.partition),
  };
  const byOutput = new Map<string, string>();
  const photos = all.slice(0, limit ?? all.length).map((file, index): PlannedPhoto => {
    // Of x.jpg and x.png the later one keeps its whole name.
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
    return { index, file, output, placement, rows };
  });
  if (!photos.some(({ file }) => existsSync(join(imageDir, file)))) {
    const expected = `the photos of the list (the first is ${photos[0].file})`;
    const remedy = "Check the folder, or name another with --images DIR.";
    throw new InputError(describeMismatch(imageDir, expected, "none of them", remedy));
  }
  return { imageDir, lists, photos };
}

const VARIANT_SAMPLE = 100;
/** CelebA's own aligned crops. */
const ALIGNED_CELEBA = { width: 178, height: 218 };

/**
 * Looks at the first photos that can be read and throws InputError when their landmarks belong to other pictures: the
 * most frequent mistake is CelebA's aligned 178x218 pictures with the in-the-wild list, which gives black crops.
 */
export function checkVariant({ imageDir, photos }: PreprocessPlan): void {
  let [checked, aligned, partly, wholly] = [0, 0, 0, 0];
  for (const { file, placement } of photos) {
    if (placement.kind !== "landmarks") return;
    if (checked === VARIANT_SAMPLE) break;
    const header = readFileHeader(join(imageDir, file));
    if (header === null) continue;
    checked++;
    // Of a turned photo it is not known yet in which frame the landmarks are: a square that holds both is fair to each.
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
        `${partly} ${seen} lie outside of the picture. Use the photos of img_celeba.7z with this list, or leave out ` +
        "the list and give --crop x,y,w,h.",
    );
  }
  if (checked > 1 && wholly * 2 > checked) {
    const received = `landmarks outside of the picture for ${wholly} ${seen}`;
    const remedy = "The list and the photos do not belong together: use the list of these very files.";
    throw new InputError(describeMismatch(imageDir, "landmarks within the photos", received, remedy));
  }
}
