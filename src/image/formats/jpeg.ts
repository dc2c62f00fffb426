/**
 * JPEG by mozjpeg in WASM (@jsquash/jpeg): the files that our kernels do not take, and the words and remains of damaged ones.
 * It keeps the stored frame: EXIF orientation is not applied.
 */
import decoderFactory from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import type { RgbaImage } from "../../types.js";
import { Damage, type Decoded } from "./damage.js";
import { decodeJpegPlanes } from "./jpeg-planes.js";
import { essentialJpeg, type JpegStructure } from "./jpeg-structure.js";
import { CodecHolder, KEPT_PIXELS } from "./wasm-codec.js";

interface Codec {
  decode(data: Uint8Array, preserveOrientation: boolean): RgbaImage | null;
}

const decoder = new CodecHolder<Codec>(decoderFactory, "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm");

/** Oddities of headers that pixels do not depend on; behind such a warning libjpeg keeps a real one to itself. */
const ODD_HEADER = /Invalid SOS parameters for sequential|unknown JFIF revision|Unknown Adobe color transform/;
/** Repairs tried on a file that libjpeg gives up. */
const MAX_REPAIRS = 8;

/** Decodes as libjpeg does; a null picture is libjpeg's refusal. */
async function decodeOnce(bytes: Uint8Array): Promise<{ image: RgbaImage; warning: string | null }> {
  const { result, warning: first } = await decoder.run((codec) => codec.decode(bytes, false));
  // libjpeg only warns of data that breaks off or makes no sense, and fills the rest with grey. It prints the first
  // warning alone; stray bytes before the end marker (0xd9) come after all of the picture and do no harm.
  const warning = first !== null && /extraneous bytes before marker 0xd9/.test(first) ? null : first;
  if (result === null) throw new Error(warning ?? "the decoder returned nothing");
  if (result.width * result.height > KEPT_PIXELS) decoder.drop();
  return { image: result, warning };
}

/** What a file that libjpeg gives up still holds: without damaged side matter, then with ever fewer of its last scans. */
async function decodeRest(bytes: Uint8Array, structure: JpegStructure, reason: unknown): Promise<RgbaImage> {
  for (let scans = structure.scans, tries = 0; scans > 0 && tries < MAX_REPAIRS; scans--, tries++) {
    try {
      return (await decodeOnce(essentialJpeg(bytes, structure, scans))).image;
    } catch {
      // the next one has less of the file
    }
  }
  throw reason;
}

/**
 * Decodes a grey or colour JPEG file to RGBA in its stored frame. Throws an Error with the decoder's words when it is
 * damaged; with `tolerant` what libjpeg makes of it is returned, the rest grey, as long as there is a header.
 */
export async function decodeJpeg(bytes: Uint8Array, structure: JpegStructure, tolerant: boolean): Promise<Decoded> {
  const damage = new Damage(tolerant);
  try {
    const { image, warning } = await decodeOnce(bytes);
    if (warning !== null && ODD_HEADER.test(warning)) decodeJpegPlanes(bytes, structure, damage);
    else if (warning !== null) damage.note(warning);
    return { ...image, damaged: damage.reason };
  } catch (error) {
    if (!tolerant) throw error;
    damage.note(error instanceof Error ? error.message : String(error));
    return { ...(await decodeRest(bytes, structure, error)), damaged: damage.reason };
  }
}
