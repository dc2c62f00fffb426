/**
 * JPEG by mozjpeg in WASM (@jsquash/jpeg): progressive files, sequential ones that our kernels do not take, and the remains of
 * damaged ones. It keeps the stored frame: EXIF orientation is not applied.
 */
import decoderFactory from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import type { RgbaImage } from "../../types.js";
import type { Damage, Decoded } from "./damage.js";
import { checkJpegScans } from "./jpeg-planes.js";
import { essentialJpeg, isSequential, type JpegStructure } from "./jpeg-structure.js";
import { damageAfterScan } from "./jpeg-tail.js";
import { CodecHolder, KEPT_PIXELS } from "./wasm-codec.js";

interface Codec {
  decode(data: Uint8Array, preserveOrientation: boolean): RgbaImage | null;
}

const decoder = new CodecHolder<Codec>(decoderFactory, "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm");

/** Decodes a file of essential segments as libjpeg does. Throws an Error with its words when it gives up. */
async function decodeOnce(bytes: Uint8Array): Promise<{ image: RgbaImage; warning: string | null }> {
  const { result, warning } = await decoder.run((codec) => codec.decode(bytes, false));
  // libjpeg only warns of data that breaks off or makes no sense, and fills the rest with grey. It prints the first
  // warning alone.
  if (result === null) throw new Error(warning ?? "the decoder returned nothing");
  if (result.width * result.height > KEPT_PIXELS) decoder.drop();
  return { image: result, warning };
}

/** What a file that libjpeg gives up still holds: as many of its first scans as libjpeg reads, found by halving. */
async function decodeRest(bytes: Uint8Array, structure: JpegStructure, reason: unknown): Promise<RgbaImage> {
  let best: RgbaImage | null = null;
  let [read, failed] = [0, structure.scans];
  while (failed - read > 1) {
    const scans = (read + failed) >> 1;
    try {
      best = (await decodeOnce(essentialJpeg(bytes, structure, scans))).image;
      read = scans;
    } catch {
      failed = scans;
    }
  }
  if (best === null) throw reason;
  return best;
}

/** Notes what libjpeg warned of, unless it is a few stray bytes before the end marker. */
function noteWarning(warning: string, file: Uint8Array, damage: Damage): void {
  const stray = /(\d+) extraneous bytes before marker 0xd9/.exec(warning);
  const reason = stray === null ? warning : damageAfterScan(file, file.length - 2 - Number(stray[1]));
  if (reason !== null) damage.note(reason);
}

/**
 * Decodes a grey or colour JPEG file to RGBA in its stored frame. Damage is noted, in the decoder's words if it is progressive: an
 * Error in strict decoding, and otherwise what libjpeg makes of the file is returned, the rest grey, as long as there is a header.
 * libjpeg takes codes that do not exist for zeros; sequential scans are therefore judged by our own reader.
 */
export async function decodeJpeg(bytes: Uint8Array, structure: JpegStructure, damage: Damage): Promise<Decoded> {
  const sequential = isSequential(structure);
  if (sequential && damage.reason === null) checkJpegScans(bytes, structure, damage);
  const file = essentialJpeg(bytes, structure, structure.scans);
  try {
    const { image, warning } = await decodeOnce(file);
    if (warning !== null && !sequential) noteWarning(warning, file, damage);
    return { ...image, damaged: damage.reason };
  } catch (error) {
    damage.note(error instanceof Error ? error.message : String(error));
    return { ...(await decodeRest(bytes, structure, error)), damaged: damage.reason };
  }
}
