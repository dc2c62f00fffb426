/**
 * Fingerprints of images, which show whether two images are nearly the same photo. A fingerprint has two parts, both from
 * the cosine transform of the luma at 32 x 32 pixels. The hash is 64 signs: it finds candidates quickly. The outline holds
 * 143 coefficients, so that the correlation of two outlines can confirm a candidate: aligned faces resemble each other so
 * much that signs alone confuse different people.
 */
import { type Pixels, wholeOf } from "../../image/pixels.js";
import type { RgbaImage } from "../../types.js";

/** Side of the reduced image in pixels. */
const SIDE = 32;
/** Number of frequencies per direction in the outline. */
const FREQUENCIES = 12;
/** Number of frequencies per direction in the hash, from 1. Frequency 0 is almost the same for all aligned faces. */
const HASHED = 8;

/** Number of coefficients of an outline: all except the mean. */
export const OUTLINE_LENGTH = FREQUENCIES ** 2 - 1;

/** Cosines of the transform, [FREQUENCIES, SIDE]. */
const COSINES = Float64Array.from({ length: FREQUENCIES * SIDE }, (_, i) => {
  return Math.cos((Math.PI * Math.floor(i / SIDE) * ((i % SIDE) + 0.5)) / SIDE);
});

/**
 * Weights of the outline's coefficients: their frequencies, as in the transform of a gradient. Without them, large light and
 * dark areas outweigh everything else.
 */
const WEIGHTS = Float64Array.from({ length: OUTLINE_LENGTH }, (_, i) => {
  return Math.hypot(Math.floor((i + 1) / FREQUENCIES), (i + 1) % FREQUENCIES);
});

/** The signs of a mirror image differ exactly in the odd horizontal frequencies: every other bit, in both halves. */
export const MIRROR_BITS = 0x55555555;

/** 1 for the outline's even horizontal frequencies and -1 for the odd ones, which mirroring negates. */
export const MIRROR_SIGNS: Int8Array = Int8Array.from({ length: OUTLINE_LENGTH }, (_, i) => {
  return ((i + 1) % FREQUENCIES) % 2 === 0 ? 1 : -1;
});

export interface Fingerprint {
  /** The 64 signs in two halves: bit 8 r + c of the whole is set if the coefficient of frequencies r + 1 (down) and c + 1 is positive. */
  readonly hash: readonly [number, number];
  /** [OUTLINE_LENGTH], -127 to 127. All are 0 for an image of one colour. */
  readonly outline: Int8Array;
}

/** Luma at 32 x 32, [SIDE, SIDE], 0 to 255. */
function lumaOf(pixels: Pixels, image: RgbaImage): Float64Array {
  const { data } = pixels.resize(image, wholeOf(image), SIDE, SIDE);
  const luma = new Float64Array(SIDE * SIDE);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
  }
  return luma;
}

/** Low frequencies of the cosine transform, [down, across] = [FREQUENCIES, FREQUENCIES]. */
function transform(luma: Float64Array): Float64Array {
  const across = new Float64Array(SIDE * FREQUENCIES); // [SIDE, FREQUENCIES]
  for (let y = 0; y < SIDE; y++) {
    for (let k = 0; k < FREQUENCIES; k++) {
      let sum = 0;
      for (let x = 0; x < SIDE; x++) sum += luma[y * SIDE + x] * COSINES[k * SIDE + x];
      across[y * FREQUENCIES + k] = sum;
    }
  }
  const both = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let j = 0; j < FREQUENCIES; j++) {
    for (let k = 0; k < FREQUENCIES; k++) {
      let sum = 0;
      for (let y = 0; y < SIDE; y++) sum += across[y * FREQUENCIES + k] * COSINES[j * SIDE + y];
      both[j * FREQUENCIES + k] = sum;
    }
  }
  return both;
}

/** Smallest weighted coefficient that counts as content. Rounding of a plain image's pixels stays below it. */
const LEAST_CONTENT = 64;

/**
 * The fingerprint of an image of any size. Images are compared as a whole, so a frame around a photo makes it another one.
 * @param pixels the kernels of this thread
 */
export function fingerprintOf(pixels: Pixels, image: RgbaImage): Fingerprint {
  const coefficients = transform(lumaOf(pixels, image));
  const hash: [number, number] = [0, 0];
  for (let bit = 0; bit < HASHED * HASHED; bit++) {
    const at = (Math.floor(bit / HASHED) + 1) * FREQUENCIES + (bit % HASHED) + 1;
    if (coefficients[at] > 0) hash[bit >> 5] |= 1 << (bit & 31);
  }
  const weighted = new Float64Array(OUTLINE_LENGTH);
  let largest = 0;
  for (let i = 0; i < OUTLINE_LENGTH; i++) {
    weighted[i] = coefficients[i + 1] * WEIGHTS[i];
    largest = Math.max(largest, Math.abs(weighted[i]));
  }
  const outline = new Int8Array(OUTLINE_LENGTH);
  if (largest > LEAST_CONTENT) {
    for (let i = 0; i < OUTLINE_LENGTH; i++) outline[i] = Math.round((127 * weighted[i]) / largest);
  }
  return { hash: [hash[0] >>> 0, hash[1] >>> 0], outline };
}
