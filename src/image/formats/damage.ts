/** What our decoders return, and how they treat damage: an error in strict decoding, a note beside the picture else. */
import type { RgbaImage } from "../../types.js";

/** A decoded picture and what was wrong with its file: null when nothing was. */
export interface Decoded extends RgbaImage {
  readonly damaged: string | null;
}

/** The level of what could not be decoded: the middle, as libjpeg fills it. */
export const UNKNOWN_LEVEL = 128;

/** A file that can hold less than this share of its pixels is refused even if damage is tolerated. */
const LEAST_SHARE = 1 / 64;

/** Collects the first thing that is wrong with a file. */
export class Damage {
  /** The first damage; null when there is none. */
  reason: string | null = null;
  private readonly tolerant: boolean;

  constructor(tolerant: boolean) {
    this.tolerant = tolerant;
  }

  /** Notes that the file is damaged but can be read on. Throws an Error with `reason` unless decoding is tolerant. */
  note(reason: string): void {
    if (!this.tolerant) throw new Error(reason);
    this.reason ??= reason;
  }

  /**
   * Checks, before memory for the pixels is allocated, that the file can hold what its header claims: a header of a few
   * bytes can claim gigabytes. Throws an Error even with `tolerant` if next to nothing of the picture can be there.
   *
   * @param held   units (bytes or pixels) that the file can hold at most
   * @param needed units that a picture of the header's size takes
   */
  expectRoom(held: number, needed: number, reason: string): void {
    if (held < needed * LEAST_SHARE) throw new Error(reason);
    if (held < needed) this.note(reason);
  }
}

/** An opaque picture of the unknown level. */
export function blankImage(width: number, height: number): RgbaImage & { readonly data: Uint8Array } {
  const data = new Uint8Array(width * height * 4);
  new Uint32Array(data.buffer).fill(0xff808080); // four times UNKNOWN_LEVEL, alpha opaque; all machines here are little
  return { width, height, data };
}
