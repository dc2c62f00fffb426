/** Plans a preprocess run from names and lists alone: which photos it uses, where each face is, and which names the outputs get. */
import { existsSync } from "node:fs";
import { type FaceLists, readLists } from "../dataset/dataset.js";
import { ALIGNED_LANDMARKS, type LandmarkTable, landmarksAt, readLandmarks } from "../dataset/lists.js";
import { openPhotoFiles, type PhotoFiles } from "../dataset/photo-files.js";
import { PresentFiles } from "../dataset/present.js";
import { describeMismatch, InputError } from "../errors.js";
import { withoutEnding } from "../image/endings.js";
import { isOutside } from "../image/photo.js";
import type { PictureSource } from "../image/picture-source.js";
import { readFileHeader } from "../image/read-file.js";
import { describeNotRead } from "../image/walk-pictures.js";
import type { FivePoints, OnProgress, Rectangle } from "../types.js";
import { firstFaceStem } from "./crop-names.js";
import type { FaceChoice } from "./face-choice.js";
import { cropFormat, type OutputFormat } from "./output-format.js";
import type { DetectSettings, PhotoPlacement } from "./tasks.js";

export interface PlannedPhoto {
  /** Position in the whole plan, which determines the photo's unit. */
  readonly index: number;
  /** Name within the source, as in the lists. */
  readonly file: string;
  /** The same name as the file system has it, possibly in another Unicode normalisation. */
  readonly input: string;
  /** Name of the first crop within OUT/images, or of its entry in a packed file. */
  readonly output: string;
  readonly placement: PhotoPlacement;
  /** Row in each list; null if the list is missing or does not name the photo. */
  readonly rows: Readonly<Record<keyof FaceLists, number | null>>;
}

export interface PreprocessPlan {
  /** The folder of the photos or of their tar files, or a tar file. */
  readonly imageDir: string;
  /** Without landmarks if faces are to be found. */
  readonly lists: FaceLists;
  readonly photos: readonly PlannedPhoto[];
  /** Where a photo's bytes are. @param input as the planned photo has it */
  locate(input: string): PictureSource;
}

/** Which photos of a source get crops, and of what form. */
export interface PlanOptions {
  /** The folder of the photos, if it has none of the usual names. */
  readonly images: string | undefined;
  /** The form of the crops. */
  readonly format: OutputFormat;
  /** A square to cut out of photos that are aligned already. */
  readonly crop: Rectangle | null;
  /** Finds the faces of all photos of the source. */
  readonly detect?: DetectSettings | undefined;
  /** A list of landmarks to use instead of the source's own. It may have several faces of a photo. */
  readonly landmarks?: string | undefined;
  /** Which faces of that list are used. Default: all if it has several of any photo, otherwise the only one. */
  readonly faces?: FaceChoice | undefined;
  /** Only the first photos, at most this many; null for all. */
  readonly limit: number | null;
  /** Receives a line about images or lists that are left out. */
  readonly onWarning?: ((line: string) => void) | undefined;
  /** Called while tar files are listed. */
  readonly onProgress?: OnProgress | undefined;
}

function rowsByFile(list: { readonly files: readonly string[] } | null): ReadonlyMap<string, number> {
  return new Map(list?.files.map((file, row) => [file, row]));
}

/** The faces of each photo of a list, in its order. */
function facesByFile(list: LandmarkTable): ReadonlyMap<string, FivePoints[]> {
  const faces = new Map<string, FivePoints[]>();
  for (const [row, file] of list.files.entries()) {
    const others = faces.get(file);
    if (others === undefined) faces.set(file, [landmarksAt(list, row)]);
    else others.push(landmarksAt(list, row));
  }
  return faces;
}

/** @throws InputError unless at most one of the options says where faces are */
function checkWays({ crop, detect, landmarks }: PlanOptions): void {
  const ways = [
    crop !== null && "--crop",
    detect !== undefined && "--detect",
    landmarks !== undefined && "--landmarks",
  ];
  const given = ways.filter((way) => way !== false);
  if (given.length > 1) {
    const remedy = "Leave out the others.";
    throw new InputError(describeMismatch(given[0], "one way to find the faces", given.join(" and "), remedy));
  }
  if (crop !== null && crop.width !== crop.height) {
    const received = `${crop.width} x ${crop.height}`;
    throw new InputError(describeMismatch("--crop", "a square", received, "Give equal width and height."));
  }
}

async function readPlanLists({ lists: folder }: PhotoFiles, source: string, options: PlanOptions): Promise<FaceLists> {
  const { images, crop, detect, landmarks, onWarning } = options;
  const lists = await readLists(folder, images);
  if (landmarks !== undefined) return { ...lists, landmarks: await readLandmarks(landmarks, true) };
  if (detect !== undefined) {
    if (lists.landmarks !== null) onWarning?.(`${source}: --detect finds the faces; the list of landmarks is not used`);
    return { ...lists, landmarks: null };
  }
  if (crop === null && lists.landmarks === null) {
    const remedy =
      "Put the list of the photos' landmarks there, let --detect find the faces, or give --crop x,y,w,h for photos " +
      "that are aligned.";
    throw new InputError(describeMismatch(source, "list_landmarks_celeba.txt", "none", remedy));
  }
  return lists;
}

/**
 * Reads the source's names and lists and plans every photo: those of the landmark list; with `crop`, those of any list;
 * otherwise all photos of the source. @throws InputError if something is missing or two photos would get the same name
 */
export async function planPreprocess(source: string, options: PlanOptions): Promise<PreprocessPlan> {
  const { images, format, crop, detect, limit, onWarning, onProgress } = options;
  checkWays(options);
  const files = await openPhotoFiles(source, { images, orItself: detect !== undefined, onWarning, onProgress });
  const lists = await readPlanLists(files, source, options);
  const faces = crop === null && lists.landmarks !== null ? facesByFile(lists.landmarks) : null;
  const isRepeated = faces !== null && faces.size < lists.landmarks!.files.length;
  const choice = options.faces ?? detect?.faces ?? (isRepeated ? "all" : "largest");
  const listed =
    faces !== null
      ? [...faces.keys()]
      : detect === undefined
        ? (lists.attributes ?? lists.partition ?? lists.landmarks)?.files
        : undefined;
  const all = listed ?? (await listPhotos(files, onWarning));
  const inputs = await files.finder(all);
  if (all.length === 0) throw new InputError(describeMismatch(files.place, "photos", "none", "Check the folder."));
  const rowMaps = {
    attributes: rowsByFile(lists.attributes),
    landmarks: rowsByFile(lists.landmarks),
    partition: rowsByFile(lists.partition),
  };
  const placementOf = (file: string): PhotoPlacement => {
    if (crop !== null) return { kind: "crop", square: crop };
    const points = faces?.get(file);
    if (points === undefined) return { kind: "detect" };
    return choice === "all" ? { kind: "faces", faces: points } : { kind: "landmarks", points: points[0] };
  };
  const outputName = (stem: string): string =>
    `${choice === "all" && crop === null ? firstFaceStem(stem) : stem}.${cropFormat(format)}`;
  const byOutput = new Map<string, string>();
  const photos = all.slice(0, limit ?? all.length).map((file, index): PlannedPhoto => {
    // If there are x.jpg and x.png, the later one keeps its whole name.
    const short = outputName(withoutEnding(file));
    const output = byOutput.has(short) ? outputName(file) : short;
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
    return { index, file, input: inputs(file), output, placement: placementOf(file), rows };
  });
  const { place: imageDir, locate } = files;
  if (!photos.some(({ input }) => existsSync(locate(input).path))) await refuseMissing(files, photos);
  return { imageDir, lists, photos, locate };
}

async function listPhotos(files: PhotoFiles, warn: PlanOptions["onWarning"]): Promise<readonly string[]> {
  const { names, notRead } = await files.walk();
  const leftOut = describeNotRead(files.place, notRead);
  if (leftOut !== null) warn?.(leftOut);
  return names;
}

async function refuseMissing(files: PhotoFiles, photos: readonly PlannedPhoto[]): Promise<never> {
  const [{ file }] = photos;
  const imageDir = files.place;
  const { names, notRead } = await files.walk();
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

/** The landmarks of a photo's first face; null if no list has them. */
export function pointsOf(placement: PhotoPlacement): FivePoints | null {
  if (placement.kind === "landmarks") return placement.points;
  return placement.kind === "faces" ? placement.faces[0] : null;
}

const VARIANT_SAMPLE = 100;
/** The size of CelebA's own aligned crops. */
const ALIGNED_CELEBA = { width: 178, height: 218 };

/**
 * Examines the first readable photos. The most frequent mistake is to use CelebA's aligned 178x218 images with the
 * in-the-wild list, which gives black crops. @throws InputError if the landmarks belong to other images
 */
export function checkVariant({ imageDir, lists, photos, locate }: PreprocessPlan): void {
  let [checked, aligned, partly, wholly] = [0, 0, 0, 0];
  for (const { input, placement } of photos) {
    const points = pointsOf(placement);
    if (points === null) return;
    if (checked === VARIANT_SAMPLE) break;
    const { path, range } = locate(input);
    const header = readFileHeader(path, range?.offset);
    if (header === null) continue;
    checked++;
    // For a turned photo, the frame of the landmarks is not known yet. A square that contains both frames is fair to
    // either.
    const side = Math.max(header.width, header.height);
    const size = header.orientation === 1 ? header : { width: side, height: side };
    if (header.width === ALIGNED_CELEBA.width && header.height === ALIGNED_CELEBA.height) aligned++;
    if (points.some((point) => isOutside([point], size))) partly++;
    if (isOutside(points, size)) wholly++;
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
