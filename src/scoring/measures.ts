/**
 * Measures how close an edit comes to the truth, in grey levels of 255 and in decibels. The definitions are those of
 * `evaluate` in the PyTorch script that measured this project's published figures.
 */
import type { RgbaImage } from "../types.js";

/**
 * Smaller mean squares, far below the error of rounding to whole levels, count as this value. So 68.1 dB stands for
 * equal images.
 */
const LEAST_SQUARE = 0.01;
const PEAK = 255;

/** The pixels that count: those where `mask` (one byte per pixel) is 0, or not 0. */
export interface Region {
  readonly mask: Uint8Array;
  readonly side: "inside" | "outside";
}

/** Mean squared difference of all channels, over the whole image or a region; 0 for an empty region. */
export function meanSquare(a: RgbaImage, b: RgbaImage, region?: Region): number {
  let [sum, pixels] = [0, 0];
  for (let i = 0; i < a.width * a.height; i++) {
    if (region !== undefined && (region.mask[i] !== 0) !== (region.side === "inside")) continue;
    for (let c = 0; c < 3; c++) sum += (a.data[4 * i + c] - b.data[4 * i + c]) ** 2;
    pixels++;
  }
  return sum / Math.max(1, 3 * pixels);
}

/** Peak signal-to-noise ratio in dB. @param square a mean squared difference */
export function decibels(square: number): number {
  return 10 * Math.log10(PEAK ** 2 / Math.max(square, LEAST_SQUARE));
}

/** The median of nine values, which are sorted in place. */
function median(nine: Float32Array): number {
  return nine.sort()[4];
}

/**
 * Mean square of the part of the change from `input` to `swap` that a 3x3 median removes, per channel with the edge
 * repeated. Its root is the noise in grey levels. A median keeps edges and areas, so only isolated differences count.
 */
export function noiseSquare(input: RgbaImage, swap: RgbaImage): number {
  const { width, height } = input;
  const nine = new Float32Array(9);
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        for (let k = 0; k < 9; k++) {
          const row = Math.min(height - 1, Math.max(0, y + Math.floor(k / 3) - 1));
          const column = Math.min(width - 1, Math.max(0, x + (k % 3) - 1));
          const at = 4 * (row * width + column) + c;
          nine[k] = swap.data[at] - input.data[at];
        }
        const at = 4 * (y * width + x) + c;
        sum += (swap.data[at] - input.data[at] - median(nine)) ** 2;
      }
    }
  }
  return sum / (3 * width * height);
}

/** Scores of one swap whose true result is known. */
export interface TruthScore {
  /** PSNR of the swap against the truth minus that of the unchanged input, in dB: in the region, and over the whole image. */
  readonly regionGain: number;
  readonly wholeGain: number;
  /** PSNR of the swap against the input outside the region, in dB. */
  readonly outside: number;
  /** 1 - |swap - truth|^2 / |input - truth|^2 in the region: 1 is the truth, 0 the unchanged input. */
  readonly rightShare: number;
}

/** @param mask 1 in the region where the truth differs visibly from the input; it must not be empty */
export function scoreAgainstTruth(
  input: RgbaImage,
  swap: RgbaImage,
  { truth, mask }: { readonly truth: RgbaImage; readonly mask: Uint8Array },
): TruthScore {
  const inside: Region = { mask, side: "inside" };
  const [wrong, needed] = [meanSquare(swap, truth, inside), meanSquare(input, truth, inside)];
  return {
    regionGain: decibels(wrong) - decibels(needed),
    wholeGain: decibels(meanSquare(swap, truth)) - decibels(meanSquare(input, truth)),
    outside: decibels(meanSquare(swap, input, { mask, side: "outside" })),
    rightShare: 1 - wrong / needed,
  };
}
