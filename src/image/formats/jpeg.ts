/**
 * Decodes JPEG with mozjpeg in WASM (@jsquash/jpeg): progressive files, sequential files that our kernels do not
 * accept, and the rest of damaged files. EXIF orientation is not applied.
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

/** Decodes a file of essential segments with libjpeg. @throws Error with libjpeg's message if it fails */
async function decodeOnce(bytes: Uint8Array): Promise<{ image: RgbaImage; warning: string | null }> {
  const { result, warning } = await decoder.run((codec) => codec.decode(bytes, false));
  // libjpeg only warns about data that break off or make no sense, and fills the rest with grey. It prints only the
  // first warning.
  if (result === null) throw new Error(warning ?? "the decoder returned nothing");
  if (result.width * result.height > KEPT_PIXELS) decoder.drop();
  return { image: result, warning };
}

/** What can be read of a file on which libjpeg fails: as many of the first scans as libjpeg accepts, found by bisection. */
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

/** Notes libjpeg's warning as damage, unless it is about a few stray bytes before the end marker. */
function noteWarning(warning: string, file: Uint8Array, damage: Damage): void {
  const stray = /(\d+) extraneous bytes before marker 0xd9/.exec(warning);
  const reason = stray === null ? warning : damageAfterScan(file, file.length - 2 - Number(stray[1]));
  if (reason !== null) damage.note(reason);
}

/**
 * Decodes a grey or colour JPEG file to RGBA as stored. Damage is noted, for progressive files in the decoder's words.
 * Strict decoding then throws an Error. Tolerant decoding returns what libjpeg decodes, with the rest grey, if there is
 * a header. libjpeg reads nonexistent codes as zeros, so our own reader checks sequential scans.
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
