/** Turns a photo into aligned crops, in the calling thread, and measures the time of each stage. */
import type { FaceFinder } from "../detection/face-finder.js";
import { describeFace } from "../detection/find-faces.js";
import type { DetectedFace } from "../detection/protocol.js";
import { InputError } from "../errors.js";
import { composeAffine } from "../image/align.js";
import { type DecodedImage, decodeImage, encodePng } from "../image/codec.js";
import { uprightMatrix, uprightPoints, uprightSize } from "../image/orientation.js";
import { cropFace, cropFromJpeg, writeWhole } from "../image/photo.js";
import type { Pixels, PixelWindow } from "../image/pixels.js";
import { readSourceBytes } from "../image/source.js";
import { type StageSeconds, timed } from "../image/stage-times.js";
import type { CropFormat, Placement } from "../image/tasks.js";
import type { Affine, FivePoints, RgbaImage } from "../types.js";
import { blurProblem, chooseFaces } from "./choose-faces.js";
import { faceName } from "./crop-names.js";
import { findInLargeJpeg } from "./large-jpeg.js";
import { measureFace } from "./quality.js";
import type { AlignedPhoto, AlignItem, AlignTask, FoundFace, MadeCrop } from "./tasks.js";

/** What a thread aligns with. */
export interface AlignTools {
  readonly pixels: Pixels;
  /** Called for photos whose faces are still to be found. */
  readonly openFinder: () => Promise<FaceFinder>;
  /** Receives the seconds of each stage. */
  readonly seconds: StageSeconds;
}

type AlignOptions = Omit<AlignTask, "items">;

function encode(pixels: Pixels, crop: RgbaImage | PixelWindow, format: CropFormat, quality: number) {
  const kept = "pointer" in crop;
  if (format === "jpg") return kept ? pixels.encodeWindow(crop, quality) : pixels.encodeJpeg(crop, quality);
  const image = kept ? pixels.copyWindow(crop) : crop;
  return format === "png" ? encodePng(image) : dropAlpha(image);
}

/** [size, size] RGBA -> [size, size, 3] */
function dropAlpha({ data }: RgbaImage): Uint8Array {
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return rgb;
}

/** A face of the photo, before it is cropped. `points` are in the frame of the landmarks. */
interface PlacedFace {
  readonly points: FivePoints;
  readonly found?: FoundFace;
}

/** The photo and its faces, if both can be had without decoding all of it; otherwise null. */
async function findQuickly(
  { pixels, openFinder, seconds }: AlignTools,
  bytes: Uint8Array,
  { placement }: AlignItem,
  { detect, maxPixels }: AlignOptions,
): Promise<{ readonly image: DecodedImage; readonly found: readonly DetectedFace[] } | null> {
  if (placement.kind !== "detect" || detect === undefined) return null;
  const finder = await openFinder();
  const search = { minScore: detect.minScore, all: detect.faces === "all", maxPixels };
  const quick = await timed(seconds, "detect", () => findInLargeJpeg(finder, pixels, bytes, search));
  return quick === null ? null : { image: { ...quick.photo, orientation: 1, damaged: null }, found: quick.faces };
}

/** The photo's faces, and why others are left out. @param found the detector's result, if it is known already */
async function facesOf(
  { pixels, openFinder, seconds }: AlignTools,
  { placement, file }: AlignItem,
  photo: DecodedImage,
  { detect }: AlignOptions,
  found: readonly DetectedFace[] | null,
): Promise<{ readonly faces: readonly PlacedFace[]; readonly dropped: string[] }> {
  if (placement.kind === "faces") return { faces: placement.faces.map((points) => ({ points })), dropped: [] };
  if (detect === undefined) throw new Error(`${file}: a task without settings of the detector`);
  const { minScore, faces: choice } = detect;
  const search = async (): Promise<readonly DetectedFace[]> => {
    const finder = await openFinder();
    return timed(seconds, "detect", () => finder.detect(photo, { minScore, all: choice === "all" }));
  };
  const chosen = chooseFaces(found ?? (await search()), photo, file, detect);
  const dropped = [...chosen.dropped];
  const faces: PlacedFace[] = [];
  for (const { score, box, points } of chosen.faces) {
    const measures = await timed(seconds, "warp", () => measureFace(pixels, photo, points));
    const blurred = blurProblem(describeFace(file, box), measures.sharpness, detect);
    if (blurred === null) faces.push({ points, found: { score, box, ...measures } });
    else dropped.push(blurred);
  }
  return { faces, dropped };
}

/**
 * Reads, aligns and encodes one photo. Writes its crops if the item has an output path; otherwise returns their bytes.
 * Crops are upright. Each has the matrix from the frame of the landmarks (`landmarkFrame`) to the crop. If damage is
 * tolerated, the result says what is damaged about the photo.
 * @throws InputError if the photo cannot be read, or if it has no face
 */
export async function alignPhoto(tools: AlignTools, item: AlignItem, options: AlignOptions): Promise<AlignedPhoto> {
  const { pixels, seconds } = tools;
  const { size, landmarkFrame = "upright", maxPixels, tolerant = false } = options;
  const { source, file, output, placement } = item;
  const data = await timed(seconds, "read", () => readSourceBytes(source, file, maxPixels));
  const crops: MadeCrop[] = [];
  const keep = async (crop: RgbaImage | PixelWindow, facts: MadeCrop): Promise<void> => {
    const bytes = await timed(seconds, "encode", () => encode(pixels, crop, options.format, options.quality));
    if (output === null) {
      // A copy without the rest of its buffer, because the whole buffer would be sent.
      crops.push({ ...facts, bytes: bytes.length < bytes.buffer.byteLength ? bytes.slice() : bytes });
      return;
    }
    const path = faceName(output, crops.length + 1);
    await timed(seconds, "write", () => writeWhole(path, bytes));
    crops.push(facts);
  };
  if (placement.kind === "landmarks") {
    const cropped = await cropFromJpeg(pixels, data, { placement, file }, options, seconds);
    if (cropped !== null) {
      await keep(cropped.crop, { matrix: cropped.matrix });
      return { ok: true, file, crops, dropped: [], damaged: null };
    }
  }
  const quick = await findQuickly(tools, data, item, options);
  const image =
    quick?.image ?? (await timed(seconds, "decode", () => decodeImage(data, file, { maxPixels, tolerant })));
  const { orientation, damaged } = image;
  // A photo that is stored upright has only one frame.
  const turn =
    landmarkFrame === "stored" && orientation !== 1
      ? uprightMatrix(uprightSize(image, orientation), orientation)
      : null;
  const align = (place: Placement): Promise<{ crop: RgbaImage; matrix: Affine }> =>
    timed(seconds, "warp", () => {
      const upright: Placement =
        turn !== null && place.kind === "landmarks"
          ? { kind: "landmarks", points: uprightPoints(place.points, turn) }
          : place;
      const { crop, matrix } = cropFace(pixels, image, upright, size, file);
      return { crop, matrix: turn === null ? matrix : composeAffine(matrix, turn) };
    });
  if (placement.kind === "crop" || placement.kind === "landmarks") {
    const { crop, matrix } = await align(placement);
    await keep(crop, { matrix });
    return { ok: true, file, crops, dropped: [], damaged };
  }
  const { faces, dropped } = await facesOf(tools, item, image, options, quick?.found ?? null);
  for (const face of faces) {
    const aligned = await align({ kind: "landmarks", points: face.points }).catch((error: unknown) => {
      if (error instanceof InputError) return error;
      throw error;
    });
    if (aligned instanceof InputError) dropped.push(aligned.message);
    else await keep(aligned.crop, { matrix: aligned.matrix, ...face });
  }
  return { ok: true, file, crops, dropped, damaged };
}
