/** The true result of an exemplar swap between synthetic faces. */
import { describeMismatch, InputError } from "../errors.js";
import type { Affine, RgbaImage } from "../types.js";
import type { SwappableAttribute } from "./attributes.js";
import type { AttributeStyles, SynthFace } from "./face.js";
import { renderAligned, renderPhoto } from "./raster.js";

/** Difference of channels (out of 255) above which an attribute counts as visible. */
export const REGION_THRESHOLD = 12;
/** Number of pixels by which the region extends beyond the difference. */
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
 * `face` with the style of one attribute, including its parameters, from `exemplar`. Everything else stays: identity,
 * other attributes, pose and setting. All four hair colours transfer the exemplar's hair colour. Bangs and mustache
 * keep the colour of the face's own hair.
 */
export function takeAttribute(face: SynthFace, exemplar: SynthFace, attribute: SwappableAttribute): SynthFace {
  const style = STYLE_OF[attribute];
  return { ...face, styles: { ...face.styles, [style]: exemplar.styles[style] } };
}

export interface SwapTruth {
  /** The unchanged image of the face. */
  readonly input: RgbaImage;
  /** The image with the exemplar's attribute. */
  readonly truth: RgbaImage;
  /** One byte per pixel, row-major: 1 in the region where the two differ visibly, extended by REGION_MARGIN pixels. */
  readonly mask: Uint8Array;
}

/** The aligned crop of this matrix (photo to crop) and size. Without a view, the whole photo is used. */
export interface AlignedView {
  readonly matrix: Affine;
  readonly size: number;
}

/**
 * The ideal exemplar swap of `face`, in the frame of the face's own photo or aligned crop. A smile moves the mouth's
 * landmarks, but the result stays in the frame of the input. Call `loadPainter` first.
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

/**
 * 1 where a channel differs by more than `threshold`, extended by `margin` pixels to all sides; row-major. @throws
 * InputError if the sizes differ
 */
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
