/**
 * Inflates deflate streams of known length. It never uses more memory than that length, and it keeps the data before a
 * damaged place.
 */
import { createInflate, inflateSync } from "node:zlib";
import type { Damage } from "./damage.js";

/** Largest compression ratio of deflate: a run of 258 bytes takes two bits. */
const MAX_RATIO = 1032;
/** Extra bytes, so that a stream's checksum is read even if it contains a few bytes too many. */
const SLACK = 64;

/**
 * Inflates a zlib stream as far as it can be read, at most `length` bytes. It never rejects. If the data are damaged,
 * up to a thousandth of `length` is lost.
 */
function inflatePart(bytes: Uint8Array, length: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const output = new Uint8Array(length);
    let at = 0;
    // Use small buffers: if the stream turns out to be damaged, zlib's output since the last full buffer is lost.
    const stream = createInflate({ chunkSize: Math.max(64, Math.ceil(length / 1024)) });
    const end = (): void => {
      stream.removeAllListeners("data");
      stream.destroy();
      resolve(output.subarray(0, at));
    };
    stream.on("data", (chunk: Buffer) => {
      const kept = chunk.subarray(0, length - at);
      output.set(kept, at);
      at += kept.length;
      if (at === length) end();
    });
    stream.on("error", end);
    stream.on("end", end);
    // A flush returns all data before the point where a stream breaks off; end() would lose them.
    const step = Math.max(64, Math.ceil(bytes.length / 256));
    for (let from = 0; from < bytes.length; from += step) stream.write(bytes.subarray(from, from + step));
    stream.flush(() => setImmediate(end));
  });
}

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
  try {
    const limit = (most === Number.POSITIVE_INFINITY ? length : most) + SLACK;
    const output = inflateSync(bytes, { chunkSize: length + SLACK, maxOutputLength: limit });
    if (output.length < length) damage.note(`the image data hold ${output.length} of ${length} bytes`);
    return output.subarray(0, length);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "Z_BUF_ERROR") damage.note("the image data break off");
    else if (code === "Z_DATA_ERROR") damage.note(`broken image data (${(error as Error).message})`);
    else if (code !== "ERR_BUFFER_TOO_LARGE") throw error;
    else if (most < Number.POSITIVE_INFINITY) {
      damage.note(`the image data hold more than the ${most} bytes of the size in the header`);
    }
  }
  return inflatePart(bytes, length);
}
