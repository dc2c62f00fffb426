/** Text and joins of byte arrays, for the readers and writers of file formats. */

/** Longest piece of text per call: each byte is an argument. */
const PIECE = 4096;

/** Returns bytes `from` to `to` as text, one character per byte (Latin-1). */
export function textOf(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = "";
  for (let at = from; at < Math.min(to, bytes.length); at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(to, at + PIECE)));
  }
  return text;
}

/** Returns the bytes of a text of characters below 256, one byte per character. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Returns the parts one after the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Returns where `text` begins in the bytes, at or after `from`; -1 if it is not there. */
export function indexOfText(bytes: Uint8Array, text: string, from = 0): number {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (textOf(bytes, at, at + text.length) === text) return at;
  }
  return -1;
}
