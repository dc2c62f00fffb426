/** Deflate streams of known length: never more memory than that length, and what precedes a damage is kept. */
import { createInflate, inflateSync } from "node:zlib";
import type { Damage } from "./damage.js";

/** Deflate packs at most 1032 bytes into one: a run of 258 takes two bits. */
const MAX_RATIO = 1032;
/** Room for what follows the data, so that a stream's checksum is read even if it holds a few bytes too many. */
const SLACK = 64;

/** A zlib stream as far as it can be read; never rejects. At most `length` bytes; of damage, a thousandth is lost. */
function inflatePart(bytes: Uint8Array, length: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const output = new Uint8Array(length);
    let at = 0;
    // Small steps: what zlib has made since the last full buffer is lost where the stream turns out to be damaged.
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
    // A flush brings out all that was read of a stream that breaks off; end() would lose it.
    const step = Math.max(64, Math.ceil(bytes.length / 256));
    for (let from = 0; from < bytes.length; from += step) stream.write(bytes.subarray(from, from + step));
    stream.flush(() => setImmediate(end));
  });
}

/**
 * Inflates a zlib stream that should hold `length` bytes, and never makes more. Notes as damage a stream that is cut off,
 * too short, broken or fails its checksum, and returns what precedes it (of broken data, up to a thousandth of `length`
 * less).
 *
 * @param most bytes that a sound stream may hold; those beyond `length` are left out. More than a few beyond `most` are
 *             damage, because the stream's own checksum lies behind them. Infinity if another checksum covers `bytes`:
 *             then any number of bytes too many is harmless, as for libpng.
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
