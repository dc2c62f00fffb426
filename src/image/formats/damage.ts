/** What our decoders return, and how they treat damage: an error in strict decoding, a note beside the picture else. */
import type { RgbaImage } from "../../types.js";

/** A decoded picture and what was wrong with its file: null when nothing was. */
export interface Decoded extends RgbaImage {
  readonly damaged: string | null;
}

/** The level of what could not be decoded: the middle, as libjpeg fills it. */
export const UNKNOWN_LEVEL = 128;

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
}

/** An opaque picture of the unknown level. */
export function blankImage(width: number, height: number): RgbaImage & { readonly data: Uint8Array } {
  const data = new Uint8Array(width * height * 4);
  new Uint32Array(data.buffer).fill(0xff808080); // four times UNKNOWN_LEVEL, alpha opaque; all machines here are little
  return { width, height, data };
}
