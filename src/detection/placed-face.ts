/** Faces with a known position in a photo: either crops of elegant align with their record, or faces found in the photo now. */
import { resolve } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import { readPicture } from "../image/picture-files.js";
import { Pixels } from "../image/pixels.js";
import { loadModule } from "../kernels/module.js";
import type { Affine, RgbaImage } from "../types.js";
import { FaceDetector } from "./detector.js";
import { cropFound, findFaces } from "./find-faces.js";
import { readOwnPhoto } from "./own-photo.js";
import { pasteFace } from "./paste.js";
import { findTransform } from "./transforms.js";

export interface PlacedFace {
  /** Path as given by the user. */
  readonly input: string;
  /** The aligned face, square. */
  readonly crop: RgbaImage;
  /** Absolute path of the photo. */
  readonly photo: string;
  readonly photoSize: readonly [width: number, height: number];
  /** Photo -> crop of `size` pixels. */
  readonly matrix: Affine;
  readonly size: number;
}

/** Side in pixels of the crops of faces that are found here. The model resizes them. */
const CROP_SIZE = 256;

/**
 * Reads faces one after the other. The detector is opened with the first photo that needs it. Close the reader when you
 * are done.
 */
export class FaceReader {
  private detector: Promise<FaceDetector> | null = null;

  constructor(
    private readonly threads: number,
    private readonly minScore: number,
  ) {}

  /** Reads a crop with a transform next to it, or the largest face of a photo. @throws InputError if it is neither */
  async read(input: string): Promise<PlacedFace> {
    const known = await findTransform(input);
    if (known !== null) return { ...known, input, crop: await readPicture(input) };
    const photo = await readOwnPhoto(input);
    this.detector ??= FaceDetector.open(this.threads);
    const options = { all: false, minScore: this.minScore };
    const { faces, refused } = await findFaces(await this.detector, photo, input, options);
    if (faces.length === 0) throw new InputError(refused[0]);
    const { crop, matrix } = cropFound(new Pixels(await loadModule("image")), photo, faces[0], CROP_SIZE);
    return { input, crop, photo: resolve(input), photoSize: [photo.width, photo.height], matrix, size: CROP_SIZE };
  }

  /** Reads the face of a reference. A square image is an aligned face already. @throws InputError like read() */
  async readReference(path: string): Promise<RgbaImage> {
    const picture = await readOwnPhoto(path);
    return picture.width === picture.height ? picture : (await this.read(path)).crop;
  }

  async close(): Promise<void> {
    await (await this.detector)?.close();
  }
}

/** An edited face: the model's output without the edit and with it, both of the model's size. */
export interface Edited {
  readonly face: PlacedFace;
  readonly before: RgbaImage;
  readonly after: RgbaImage;
}

/** Groups faces of the same photo, in the order of the first face of each photo. */
export function groupByPhoto<T extends { readonly photo: string }>(faces: readonly T[]): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const face of faces) groups.set(face.photo, [...(groups.get(face.photo) ?? []), face]);
  return [...groups.values()];
}

/** The photo with all edits of its faces. @throws InputError if the photo has changed since it was aligned */
export async function pasteIntoPhoto(edits: readonly Edited[]): Promise<RgbaImage> {
  const pixels = new Pixels(await loadModule("image"));
  const [{ face }] = edits;
  let photo = await readOwnPhoto(face.photo);
  const [width, height] = face.photoSize;
  if (photo.width !== width || photo.height !== height) {
    const remedy = "The photo is another one now; align it again.";
    throw new InputError(
      describeMismatch(face.photo, `${width} x ${height} as aligned`, `${photo.width} x ${photo.height}`, remedy),
    );
  }
  for (const { face: place, before, after } of edits) photo = pasteFace(pixels, photo, place, before, after);
  return photo;
}
