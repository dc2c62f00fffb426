/** The fingerprints of a whole data set in flat arrays (152 bytes per image), and the rule for near-duplicates. */
import { type Fingerprint, MIRROR_BITS, MIRROR_SIGNS, OUTLINE_LENGTH } from "./fingerprint.js";

/**
 * Largest number of different bits between the hashes of near-duplicates. It was measured together with LEAST_CORRELATION
 * on 12,000 photos and changed copies of 1,000 of them (docs/decisions/030-near-duplicates.md).
 */
export const MOST_DISTANCE = 11;
/** Smallest correlation of the outlines of near-duplicates. */
export const LEAST_CORRELATION = 0.92;

/** How near two near-duplicates are. */
export interface Likeness {
  /** Number of different bits of the hashes, 0 to MOST_DISTANCE. */
  readonly distance: number;
  /** Correlation of the outlines, LEAST_CORRELATION to 1. */
  readonly correlation: number;
  /** True if one of the images resembles the mirror image of the other. */
  readonly mirrored: boolean;
}

/** Number of bits that are set in a 32-bit number. */
function countBits(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export class Fingerprints {
  readonly length: number;
  /** Two halves per image, [length, 2]. */
  private readonly hashes: Uint32Array;
  private readonly outlines: Int8Array;
  /** Euclidean norms of the outlines; 0 for images without a fingerprint and for images of one colour. */
  private readonly norms: Float64Array;

  constructor(length: number) {
    this.length = length;
    this.hashes = new Uint32Array(length * 2);
    this.outlines = new Int8Array(length * OUTLINE_LENGTH);
    this.norms = new Float64Array(length);
  }

  set(index: number, { hash, outline }: Fingerprint): void {
    this.hashes.set(hash, index * 2);
    this.outlines.set(outline, index * OUTLINE_LENGTH);
    this.norms[index] = Math.sqrt(outline.reduce((sum, value) => sum + value * value, 0));
  }

  /** False for an image that cannot be compared: one that has no fingerprint, or only one colour. */
  isComparable(index: number): boolean {
    return this.norms[index] > 0;
  }

  /** One of four parts of the hash, or of the mirror image's hash: 16 bits. */
  part(index: number, part: number, mirrored: boolean): number {
    const half = this.hashes[index * 2 + (part >> 1)] ^ (mirrored ? MIRROR_BITS : 0);
    return (half >>> (16 * (part & 1))) & 0xffff;
  }

  /** How near two comparable images are, as they are or one of them mirrored; null if they are no near-duplicates. */
  compare(a: number, b: number): Likeness | null {
    const low = this.hashes[a * 2] ^ this.hashes[b * 2];
    const high = this.hashes[a * 2 + 1] ^ this.hashes[b * 2 + 1];
    const plain = this.confirm(a, b, countBits(low) + countBits(high), false);
    const turned = this.confirm(a, b, countBits(low ^ MIRROR_BITS) + countBits(high ^ MIRROR_BITS), true);
    if (plain === null || turned === null) return plain ?? turned;
    return turned.correlation > plain.correlation ? turned : plain;
  }

  private confirm(a: number, b: number, distance: number, mirrored: boolean): Likeness | null {
    if (distance > MOST_DISTANCE || this.norms[a] === 0 || this.norms[b] === 0) return null;
    const { outlines } = this;
    const [first, second] = [a * OUTLINE_LENGTH, b * OUTLINE_LENGTH];
    let sum = 0;
    for (let i = 0; i < OUTLINE_LENGTH; i++) {
      const product = outlines[first + i] * outlines[second + i];
      sum += mirrored ? product * MIRROR_SIGNS[i] : product;
    }
    const correlation = Math.min(1, sum / (this.norms[a] * this.norms[b])); // rounding may exceed 1
    return correlation < LEAST_CORRELATION ? null : { distance, correlation, mirrored };
  }
}
