/**
 * LZW decoding for GIF and TIFF: codes of growing width, at most twelve bits, from the lowest bit (GIF) or the highest
 * bit (TIFF).
 */

export interface LzwForm {
  /** Codes below 2 ^ literalBits stand for themselves. The next two codes clear the table and end the data. */
  readonly literalBits: number;
  /** True for TIFF: codes start at the highest bit of a byte, and become wider one code earlier than necessary. */
  readonly fromHighestBit: boolean;
}

const MAX_BITS = 12;

/**
 * Decodes at most `length` bytes. The result is shorter if the data break off, end early or contain a code that does
 * not exist yet.
 */
export function decodeLzw(bytes: Uint8Array, length: number, { literalBits, fromHighestBit }: LzwForm): Uint8Array {
  const output = new Uint8Array(length);
  const clear = 1 << literalBits;
  const early = fromHighestBit ? 1 : 0;
  const prefixes = new Uint16Array(1 << MAX_BITS);
  const suffixes = new Uint8Array(1 << MAX_BITS);
  const lengths = new Uint16Array(1 << MAX_BITS).fill(1, 0, clear);
  for (let i = 0; i < clear; i++) suffixes[i] = i;
  let [bits, next, previous] = [literalBits + 1, clear + 2, -1];
  let [held, heldBits, at, written] = [0, 0, 0, 0];
  while (written < length) {
    while (heldBits < bits) {
      if (at >= bytes.length) return output.subarray(0, written);
      held = fromHighestBit ? ((held << 8) | bytes[at++]) & 0xffffff : held | (bytes[at++] << heldBits);
      heldBits += 8;
    }
    heldBits -= bits;
    const mask = (1 << bits) - 1;
    const code = (fromHighestBit ? held >> heldBits : held) & mask;
    if (!fromHighestBit) held >>= bits;
    if (code === clear) {
      [bits, next, previous] = [literalBits + 1, clear + 2, -1];
      continue;
    }
    if (code === clear + 1 || code > next || (code === next && previous < 0)) break;
    if (previous < 0 && code > clear) break;
    // The code that is about to be added is the previous string followed by that string's first byte.
    const known = code < next ? code : previous;
    const count = lengths[known];
    let cursor = known;
    for (let i = written + count - 1; i >= written; i--) {
      if (i < length) output[i] = suffixes[cursor];
      cursor = prefixes[cursor];
    }
    const first = output[written];
    written += count;
    if (code === next && written < length) output[written++] = first;
    else if (code === next) written++;
    if (previous >= 0 && next < 1 << MAX_BITS) {
      prefixes[next] = previous;
      suffixes[next] = first;
      lengths[next] = lengths[previous] + 1;
      next++;
      if (next + early >= 1 << bits && bits < MAX_BITS) bits++;
    }
    previous = code;
  }
  return output.subarray(0, Math.min(written, length));
}
