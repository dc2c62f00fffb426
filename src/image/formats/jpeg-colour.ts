/**
 * Converts the components of a JPEG file to RGBA: upsampling like libjpeg-turbo, then YCbCr, or CMYK without a colour
 * profile.
 */
import { cmykToRgb } from "./cmyk.js";
import { blankImage, type Damage, type Decoded } from "./damage.js";
import { colourSpaceOf } from "./jpeg-colour-space.js";
import { decodeJpegPlanes, type Plane } from "./jpeg-planes.js";
import type { JpegStructure } from "./jpeg-structure.js";

/**
 * Doubles a row of samples. Each new sample lies a quarter of the way to its neighbour. The input is 1 or 4 times the
 * sample value, which `shift` and `biases` take into account.
 */
function widen(
  from: Int32Array,
  width: number,
  to: Int32Array,
  shift: number,
  biases: readonly [number, number],
): void {
  for (let i = 0; i < width; i++) {
    const here = 3 * from[i];
    to[2 * i] = (here + from[Math.max(0, i - 1)] + biases[0]) >> shift;
    to[2 * i + 1] = (here + from[Math.min(width - 1, i + 1)] + biases[1]) >> shift;
  }
}

/** The samples of a component at the size of the image, [height, width]. */
function upsample(plane: Plane, most: { h: number; v: number }, width: number, height: number): Uint8Array {
  const { samples, stride } = plane;
  const out = new Uint8Array(width * height);
  const [across, down] = [most.h / plane.h, most.v / plane.v];
  const smoothAcross = across === 2 && plane.width > 2 && (down === 1 || down === 2);
  const smoothDown = down === 2 && (smoothAcross || across === 1);
  const row = new Int32Array(plane.width);
  const wide = new Int32Array(plane.width * 2 + 2);
  for (let y = 0; y < height; y++) {
    const line = Math.min(plane.height - 1, Math.floor(y / down));
    const to = y * width;
    if (!smoothAcross && !smoothDown) {
      for (let x = 0; x < width; x++) out[to + x] = samples[line * stride + Math.floor(x / across)];
      continue;
    }
    const lower = y % 2 === 1;
    const other = Math.max(0, Math.min(plane.height - 1, line + (lower ? 1 : -1)));
    for (let x = 0; x < plane.width; x++) {
      const here = samples[line * stride + x];
      row[x] = smoothDown ? 3 * here + samples[other * stride + x] : here;
    }
    if (smoothAcross) {
      if (smoothDown) widen(row, plane.width, wide, 4, [8, 7]);
      else widen(row, plane.width, wide, 2, [1, 2]);
      for (let x = 0; x < width; x++) out[to + x] = wide[x];
    } else {
      for (let x = 0; x < width; x++) out[to + x] = (row[x] + (lower ? 2 : 1)) >> 2;
    }
  }
  return out;
}

const clamp = (v: number): number => (v < 0 ? 0 : v > 255 ? 255 : Math.round(v));

/** True for samplings that mozjpeg's build does not upsample as libjpeg-turbo does today, and for four components. */
export function needsPlainDecoder(bytes: Uint8Array, { segments, frame, components }: JpegStructure): boolean {
  if (components !== 3) return components === 4;
  const start = segments.find(({ marker }) => marker === frame)!.start;
  const [luma, ...chroma] = [11, 14, 17].map((offset) => bytes[start + offset]);
  return !([0x11, 0x21, 0x22].includes(luma) && chroma.every((factors) => factors === 0x11));
}

/**
 * Decodes three or four components to RGBA as stored. CMYK and YCCK are treated as inverted, even without Adobe's
 * segment: Adobe stores them so, and all readers expect it. They are converted like Pillow's convert("RGB"). @throws
 * Error that says what is wrong
 */
export function decodePlainJpeg(bytes: Uint8Array, structure: JpegStructure, damage: Damage): Decoded {
  const { width, height } = structure;
  const planes = decodeJpegPlanes(bytes, structure, damage);
  if (planes.length !== structure.components) throw new Error("no frame");
  const most = { h: Math.max(...planes.map(({ h }) => h)), v: Math.max(...planes.map(({ v }) => v)) };
  const levels = planes.map((plane) => upsample(plane, most, width, height));
  const colours = colourSpaceOf(bytes, structure.segments);
  const image = blankImage(width, height);
  const out = image.data;
  const [first, second, third, black] = levels;
  const luma = colours === "YCbCr" || colours === "YCCK";
  for (let i = 0, at = 0; i < width * height; i++, at += 4) {
    let [r, g, b] = [first[i], second[i], third[i]];
    if (luma) {
      const [y, cb, cr] = [r, g - 128, b - 128];
      r = clamp(y + 1.402 * cr);
      g = clamp(y - 0.344136286 * cb - 0.714136286 * cr);
      b = clamp(y + 1.772 * cb);
    }
    if (black !== undefined) {
      // In YCCK, the first three are already light; in CMYK they are inverted ink. Black is inverted in both.
      const ink = (level: number): number => (luma ? level : 255 - level);
      const key = 255 - black[i];
      [r, g, b] = [cmykToRgb(ink(r), key), cmykToRgb(ink(g), key), cmykToRgb(ink(b), key)];
    }
    out[at] = r;
    out[at + 1] = g;
    out[at + 2] = b;
  }
  return { ...image, damaged: damage.reason };
}
