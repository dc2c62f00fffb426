/** Finds the sizes in AV1 data without decoding. A codec allocates memory for these sizes, whatever the container states. */

const SEQUENCE_HEADER = 1;

/** The bits of a sequence header, the highest bit first. After the end, all bits are 0. */
class Bits {
  private at = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) {
      value = value * 2 + (((this.bytes[this.at >> 3] ?? 0) >> (7 - (this.at & 7))) & 1);
    }
    return value;
  }

  flag(): boolean {
    return this.read(1) === 1;
  }

  /** Skips a number of variable length. */
  skipVariable(): void {
    let zeros = 0;
    while (zeros < 32 && !this.flag()) zeros++;
    this.read(zeros);
  }
}

/** The largest frame of a sequence (AV1 specification, 5.5.1). */
function largestFrame(header: Uint8Array): { width: number; height: number } {
  const bits = new Bits(header);
  bits.read(4); // profile, still picture
  const reduced = bits.flag();
  if (reduced) {
    bits.read(5); // level
  } else {
    let delayBits = 0;
    if (bits.flag()) {
      bits.read(64); // clock ticks
      if (bits.flag()) bits.skipVariable();
      if (bits.flag()) {
        delayBits = bits.read(5) + 1;
        bits.read(42);
      }
    }
    const displayDelay = bits.flag();
    for (let points = bits.read(5) + 1; points > 0; points--) {
      bits.read(12);
      if (bits.read(5) > 7) bits.read(1);
      if (delayBits > 0 && bits.flag()) bits.read(2 * delayBits + 1);
      if (displayDelay && bits.flag()) bits.read(4);
    }
  }
  const [widthBits, heightBits] = [bits.read(4) + 1, bits.read(4) + 1];
  return { width: bits.read(widthBits) + 1, height: bits.read(heightBits) + 1 };
}

/** The largest frame of every sequence header in a chain of AV1 units (OBUs), as far as it can be read. */
export function* av1Sizes(data: Uint8Array): Generator<{ width: number; height: number }> {
  let at = 0;
  while (at < data.length) {
    const header = data[at++];
    if ((header & 4) !== 0) at++; // the extension
    let length = data.length - at;
    if ((header & 2) !== 0) {
      length = 0;
      for (let shift = 0; shift < 56; shift += 7) {
        const byte = data[at++] ?? 0;
        length += (byte & 127) * 2 ** shift;
        if (byte < 128) break;
      }
    }
    if (((header >> 3) & 15) === SEQUENCE_HEADER) yield largestFrame(data.subarray(at, at + length));
    at += length;
  }
}
