/** Converts the samples of a TIFF page to RGB. */
import { cmykToRgb } from "./cmyk.js";
import { COMPRESSION, PHOTOMETRIC, type TiffLayout } from "./tiff-layout.js";
import { TAG, type TiffPage } from "./tiff-page.js";

const clamp = (level: number): number => Math.min(255, Math.max(0, Math.round(level)));

/** Converts JPEG's full-range YCbCr, as Pillow does. */
function putYcc(out: Uint8Array, at: number, y: number, cb: number, cr: number): void {
  out[at] = clamp(y + 1.402 * (cr - 128));
  out[at + 1] = clamp(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128));
  out[at + 2] = clamp(y + 1.772 * (cb - 128));
}

/**
 * Writes the colours of all pixels to RGBA `out`. `levels` are [height, width, channels]: palette indices or 8-bit
 * samples. @throws Error if a palette is missing
 */
export function paintTiff(page: TiffPage, layout: TiffLayout, levels: Uint8Array, out: Uint8Array): void {
  const { photometric, channels, bits, premultiplied } = layout;
  const colours = photometric === PHOTOMETRIC.palette ? page.values(TAG.colours, 3 << bits) : null;
  if (photometric === PHOTOMETRIC.palette && colours === null) throw new Error("no palette, so no colours");
  const ycc = photometric === PHOTOMETRIC.ycc && layout.compression !== COMPRESSION.jpeg;
  const grey = photometric === PHOTOMETRIC.whiteIsZero || photometric === PHOTOMETRIC.blackIsZero;
  for (let at = 0, from = 0; at < out.length; at += 4, from += channels) {
    if (colours !== null) {
      for (let c = 0; c < 3; c++) out[at + c] = (colours[(c << bits) + levels[from]] ?? 0) >> 8;
    } else if (photometric === PHOTOMETRIC.cmyk) {
      for (let c = 0; c < 3; c++) out[at + c] = cmykToRgb(levels[from + c], levels[from + 3]);
    } else if (ycc) {
      putYcc(out, at, levels[from], levels[from + 1], levels[from + 2]);
    } else {
      for (let c = 0; c < 3; c++) {
        const level = levels[from + (grey ? 0 : c)];
        out[at + c] = photometric === PHOTOMETRIC.whiteIsZero ? 255 - level : level;
      }
    }
    if (premultiplied) divideByOpacity(out, at, levels[from + channels - 1]);
  }
}

/** Reverses the multiplication of colour by opacity, as Pillow does. Invisible pixels become black. */
function divideByOpacity(out: Uint8Array, at: number, opacity: number): void {
  if (opacity === 255) return;
  for (let c = 0; c < 3; c++) {
    out[at + c] = opacity === 0 ? 0 : Math.min(255, Math.floor((out[at + c] * 255) / opacity));
  }
}
