/**
 * Inflates deflate streams of known length. It never uses more memory than that length, and it keeps the data before a
 * damaged place.
 */
import { inflate, inflatePart } from "#platform";
import type { Damage } from "./damage.js";

/** Largest compression ratio of deflate: a run of 258 bytes takes two bits. */
const MAX_RATIO = 1032;
/** Extra bytes, so that a stream's checksum is read even if it contains a few bytes too many. */
const SLACK = 64;

/**
 * Inflates a zlib stream that should contain `length` bytes, and never produces more. A stream that is cut off, too
 * short, broken or fails its checksum is noted as damage. The data before the damage are returned (for broken data, up
 * to a thousandth of `length` less).
 *
 * @param most number of bytes that a sound stream may contain; those beyond `length` are ignored. More than a few bytes
 *             beyond `most` are damage, because the stream's own checksum comes after them. Use Infinity if another
 *             checksum covers `bytes`: then any number of extra bytes is harmless, as in libpng.
 */
export async function inflateExactly(
  bytes: Uint8Array,
  length: number,
  most: number,
  damage: Damage,
): Promise<Uint8Array> {
  const held = bytes.length * MAX_RATIO;
  const lack = `${bytes.length} compressed bytes cannot hold the ${length} that the size in the header asks for`;
  damage.expectRoom(Math.min(held, length), length, lack);
  const limit = (most === Number.POSITIVE_INFINITY ? length : most) + SLACK;
  const inflated = inflate(bytes, limit);
  if (inflated.data !== null) {
    const { data } = inflated;
    if (data.length < length) damage.note(`the image data hold ${data.length} of ${length} bytes`);
    return data.subarray(0, length);
  }
  if (inflated.problem === "cut") damage.note("the image data break off");
  else if (inflated.problem === "broken") damage.note(`broken image data (${inflated.detail})`);
  else if (most < Number.POSITIVE_INFINITY) {
    damage.note(`the image data hold more than the ${most} bytes of the size in the header`);
  }
  return inflatePart(bytes, length);
}
