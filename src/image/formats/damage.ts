/**
 * The result of our decoders, and how they treat damage: strict decoding throws an error; tolerant decoding returns a
 * note together with the image.
 */
import type { RgbaImage } from "../../types.js";

/** A decoded image, and what was wrong with its file; null if nothing was. */
export interface Decoded extends RgbaImage {
  /** One line that says what was wrong with the file; null if nothing was. Only `tolerant` decoding gives damaged images. */
  readonly damaged: string | null;
}

/** The level of pixels that could not be decoded: medium grey, as in libjpeg. */
export const UNKNOWN_LEVEL = 128;

/**
 * Smallest share of its pixels that a file must be able to contain. Below it, the file is refused even if damage is
 * tolerated.
 */
const LEAST_SHARE = 1 / 64;

/** Remembers the first thing that is wrong with a file. */
export class Damage {
  /** The first damage; null if there is none. */
  reason: string | null = null;
  private readonly tolerant: boolean;

  constructor(tolerant: boolean) {
    this.tolerant = tolerant;
  }

  /** Notes that the file is damaged but can be read further. @throws Error with `reason` unless decoding is tolerant */
  note(reason: string): void {
    if (!this.tolerant) throw new Error(reason);
    this.reason ??= reason;
  }

  /**
   * Checks, before memory for the pixels is allocated, that the file can contain the pixels that its header states. A
   * header of a few bytes can state gigabytes.
   *
   * @param held   largest number of units (bytes or pixels) that the file can contain
   * @param needed number of units in an image of the header's size
   * @throws Error even with `tolerant` if the file can contain almost nothing of the image
   */
  expectRoom(held: number, needed: number, reason: string): void {
    if (held < needed * LEAST_SHARE) throw new Error(reason);
    if (held < needed) this.note(reason);
  }
}

/** An opaque image of UNKNOWN_LEVEL. */
export function blankImage(width: number, height: number): RgbaImage & { readonly data: Uint8Array } {
  const data = new Uint8Array(width * height * 4);
  // Three times UNKNOWN_LEVEL, then opaque alpha. All supported machines are little-endian.
  new Uint32Array(data.buffer).fill(0xff808080);
  return { width, height, data };
}
