/** The colour space of a JPEG file's components. All our decoders follow libjpeg-turbo's rule, for all samplings. */
import { APP0, APP14, adobeTransformOf, bodyOf, isFrame, isJfif, type Segment, SOS } from "./jpeg-segments.js";

export type ColourSpace = "grey" | "YCbCr" | "RGB" | "CMYK" | "YCCK";

/**
 * Determines the colour space from the segments before the first scan. If there are several of a kind, the last one
 * counts. For three components, JFIF means YCbCr. Otherwise, Adobe's transform 0 means RGB and any other transform
 * YCbCr. Without both segments, components named R, G and B are RGB, and all others YCbCr. Four components are CMYK
 * without Adobe's segment or with its transform 0, and YCCK with any other transform. Returns null for other numbers of
 * components.
 */
export function colourSpaceOf(bytes: Uint8Array, segments: readonly Segment[]): ColourSpace | null {
  let jfif = false;
  let adobe: number | null = null;
  let ids: readonly number[] = [];
  for (const segment of segments) {
    const { marker, start } = segment;
    if (marker === SOS) break;
    if (marker === APP0) jfif ||= isJfif(bodyOf(bytes, segment));
    else if (marker === APP14) adobe = adobeTransformOf(bodyOf(bytes, segment)) ?? adobe;
    else if (isFrame(marker) && ids.length === 0) {
      ids = Array.from({ length: bytes[start + 9] ?? 0 }, (_, i) => bytes[start + 10 + 3 * i]);
    }
  }
  if (ids.length === 1) return "grey";
  if (ids.length === 4) return adobe === null || adobe === 0 ? "CMYK" : "YCCK";
  if (ids.length !== 3) return null;
  if (jfif) return "YCbCr";
  if (adobe !== null) return adobe === 0 ? "RGB" : "YCbCr";
  return ids.every((id, i) => id === "RGB".charCodeAt(i)) ? "RGB" : "YCbCr";
}
