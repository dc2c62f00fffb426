/** The true answer of an exemplar swap between synthetic faces. */
import { describeMismatch, InputError } from "../errors.js";
import type { Affine, RgbaImage } from "../types.js";
import type { SwappableAttribute } from "./attributes.js";
import type { AttributeStyles, SynthFace } from "./face.js";
import { renderAligned, renderPhoto } from "./raster.js";

/** Channels differ by more than this (of 255) where an attribute counts as visible. */
export const REGION_THRESHOLD = 12;
/** Pixels by which the region grows beyond what differs. */
export const REGION_MARGIN = 2;

const STYLE_OF: Readonly<Record<SwappableAttribute, keyof AttributeStyles>> = {
  Bangs: "bangs",
  Eyeglasses: "eyeglasses",
  Smiling: "smiling",
  Mustache: "mustache",
  Male: "male",
  Black_Hair: "hairColour",
  Blond_Hair: "hairColour",
  Brown_Hair: "hairColour",
  Gray_Hair: "hairColour",
};

/**
 * `face` with one attribute's style, parameters included, taken from `exemplar`; all else (identity, other attributes,
 * pose, setting) stays. Any of the four hair colours takes the exemplar's hair colour. Bangs and mustache keep the
 * colour of the face's own hair.
 */
export function takeAttribute(face: SynthFace, exemplar: SynthFace, attribute: SwappableAttribute): SynthFace {
  const style = STYLE_OF[attribute];
  return { ...face, styles: { ...face.styles, [style]: exemplar.styles[style] } };
}

export interface SwapTruth {
  /** The picture of the face as it is. */
  readonly input: RgbaImage;
  /** The picture with the attribute taken from the exemplar. */
  readonly truth: RgbaImage;
  /** One byte a pixel, row-major: 1 in the region where the two differ visibly, grown by REGION_MARGIN pixels. */
  readonly mask: Uint8Array;
}

/** Where to look: the aligned crop of this matrix (photo to crop) and size; without it, the whole photo. */
export interface AlignedView {
  readonly matrix: Affine;
  readonly size: number;
}

/**
 * What an ideal exemplar swap makes of `face`, in the frame of the face's own photo or aligned crop. A smile moves the
 * mouth's landmarks; the truth stays in the frame of the input. Needs `loadPainter`.
 */
export function swapTruth(
  face: SynthFace,
  exemplar: SynthFace,
  attribute: SwappableAttribute,
  view?: AlignedView,
): SwapTruth {
  const render = (of: SynthFace): RgbaImage => (view ? renderAligned(of, view.matrix, view.size) : renderPhoto(of));
  const input = render(face);
  const truth = render(takeAttribute(face, exemplar, attribute));
  return { input, truth, mask: differenceRegion(input, truth) };
}

/** 1 where a channel differs by more than `threshold`, grown by a square of `margin` pixels each way; row-major. */
export function differenceRegion(
  a: RgbaImage,
  b: RgbaImage,
  threshold = REGION_THRESHOLD,
  margin = REGION_MARGIN,
): Uint8Array {
  if (a.width !== b.width || a.height !== b.height) {
    const [expected, received] = [a, b].map((image) => `${image.width}x${image.height}`);
    throw new InputError(describeMismatch("image size", expected, received, "Compare pictures of one size."));
  }
  const { width, height } = a;
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      let most = 0;
      for (let c = 0; c < 3; c++) most = Math.max(most, Math.abs(a.data[at + c] - b.data[at + c]));
      if (most <= threshold) continue;
      for (let v = Math.max(0, y - margin); v <= Math.min(height - 1, y + margin); v++) {
        mask.fill(1, v * width + Math.max(0, x - margin), v * width + Math.min(width, x + margin + 1));
      }
    }
  }
  return mask;
}
