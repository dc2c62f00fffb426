/** Reads the entropy-coded data of JPEG scans: bits, Huffman codes, and the blocks of baseline and progressive scans. */

/** Thrown if the data of a scan make no sense or end too early. */
export class BrokenScan extends Error {}

/** Canonical Huffman codes, by length. */
export interface HuffmanTable {
  /** The largest code of each length 1..16; -1 if there is none. */
  readonly last: Int32Array;
  /** The number to add to a code of each length to get the index of its symbol. */
  readonly shift: Int32Array;
  readonly symbols: Uint8Array;
}

/**
 * Makes a table from a DHT segment. Returns null if the numbers do not form a code.
 * @param counts  number of codes of each length 1..16
 * @param symbols in the order of the codes
 */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable | null {
  const last = new Int32Array(17).fill(-1);
  const shift = new Int32Array(17);
  let [code, place] = [0, 0];
  for (let length = 1; length <= 16; length++, code <<= 1) {
    const count = counts[length - 1];
    shift[length] = place - code;
    if (count > 0) last[length] = code + count - 1;
    code += count;
    place += count;
    if (code >= 1 << length) return null; // a code is never all ones (C.2)
  }
  return place <= symbols.length ? { last, shift, symbols } : null;
}

/**
 * The bits of `bytes` from `at` to `end`, the highest bit of a byte first. Stuffed zeros and fill bytes are skipped,
 * and a marker ends the data. A byte is read only when one of its bits is needed.
 */
export class BitReader {
  private readonly bytes: Uint8Array;
  private at: number;
  private readonly end: number;
  private held = 0;
  private count = 0;
  /** Number of zero bits that were added after the end of the data. */
  private missing = 0;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Position after the last byte from which a bit was read. */
  get position(): number {
    return this.at;
  }

  private fill(): void {
    while (this.at + 1 < this.end && this.bytes[this.at] === 0xff && this.bytes[this.at + 1] === 0xff) this.at++;
    const byte = this.at < this.end ? this.bytes[this.at] : -1;
    if (byte < 0 || (byte === 0xff && this.bytes[this.at + 1] !== 0)) {
      this.missing += 8;
      if (this.missing > 64) throw new BrokenScan("the image data break off");
      this.held = (this.held << 8) & 0xffffff;
    } else {
      this.at += byte === 0xff ? 2 : 1;
      this.held = ((this.held << 8) | byte) & 0xffffff;
    }
    this.count += 8;
  }

  bits(n: number): number {
    while (this.count < n) this.fill();
    this.count -= n;
    return (this.held >> this.count) & ((1 << n) - 1);
  }

  /** Reads a number of `n` bits. The upper half of the range is positive. */
  signed(n: number): number {
    if (n === 0) return 0;
    const value = this.bits(n);
    return value < 1 << (n - 1) ? value - (1 << n) + 1 : value;
  }

  symbol({ last, shift, symbols }: HuffmanTable): number {
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      code = (code << 1) | this.bits(1);
      if (code <= last[length]) return symbols[code + shift[length]];
    }
    throw new BrokenScan("a code that does not exist");
  }

  /**
   * Continues after the next restart marker; null if there is none. `number` is 0..7; `direct` is true if there are no
   * data before the marker.
   */
  restart(): { readonly number: number; readonly direct: boolean } | null {
    this.held = 0;
    this.count = 0;
    this.missing = 0;
    let direct = true;
    for (; this.at + 1 < this.end; this.at++) {
      const marker = this.bytes[this.at + 1];
      if (this.bytes[this.at] === 0xff && marker >= 0xd0 && marker <= 0xd7) {
        this.at += 2;
        return { number: marker & 7, direct };
      }
      direct &&= this.bytes[this.at] === 0xff && marker === 0xff;
    }
    return null;
  }

  /** @throws BrokenScan if bits beyond the end of the data were read */
  checkEnd(): void {
    if (this.missing > this.count) throw new BrokenScan("the image data break off");
  }
}

/**
 * The coefficients and bits that a scan contains: the first and last coefficient, and the bit positions before and
 * after the scan.
 */
export interface ScanBand {
  readonly start: number;
  readonly end: number;
  readonly high: number;
  readonly low: number;
}

/** Index within a block of each coefficient of the file. */
export const UNZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21],
  ...[28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61],
  ...[54, 47, 55, 62, 63],
);

/** Decodes the blocks of one scan and remembers the run of empty blocks between them. */
export class BlockDecoder {
  private readonly bits: BitReader;
  private readonly band: ScanBand;
  private readonly progressive: boolean;
  private emptyBlocks = 0;

  constructor(bits: BitReader, band: ScanBand, progressive: boolean) {
    this.bits = bits;
    this.band = band;
    this.progressive = progressive;
  }

  restart(): void {
    this.emptyBlocks = 0;
  }

  /** Decodes into `block` (64 coefficients). @returns the new DC prediction */
  decode(block: Int16Array, prediction: number, dc: HuffmanTable | null, ac: HuffmanTable | null): number {
    const { start, end, high, low } = this.band;
    let value = prediction;
    if (start === 0) {
      if (high > 0) {
        block[0] |= this.bits.bits(1) << low;
      } else {
        const size = this.bits.symbol(needed(dc));
        if (size > 15) throw new BrokenScan("a step of more than 15 bits");
        value += this.bits.signed(size);
        block[0] = value << low;
      }
    }
    if (end === 0) return value;
    if (!this.progressive) this.baseline(block, needed(ac));
    else if (high === 0) this.first(block, needed(ac));
    else this.refine(block, needed(ac));
    return value;
  }

  private baseline(block: Int16Array, ac: HuffmanTable): void {
    for (let k = 1; k < 64; k++) {
      const symbol = this.bits.symbol(ac);
      const [run, size] = [symbol >> 4, symbol & 15];
      if (size === 0 && run < 15) return;
      k += run;
      if (k > 63) throw new BrokenScan("a run that leaves its block");
      block[UNZIGZAG[k]] = this.bits.signed(size);
    }
  }

  private first(block: Int16Array, ac: HuffmanTable): void {
    const { start, end, low } = this.band;
    if (this.emptyBlocks > 0) {
      this.emptyBlocks--;
      return;
    }
    for (let k = start; k <= end; k++) {
      const symbol = this.bits.symbol(ac);
      const [run, size] = [symbol >> 4, symbol & 15];
      if (size === 0 && run < 15) {
        this.emptyBlocks = (1 << run) + this.bits.bits(run) - 1;
        return;
      }
      k += run;
      if (k > 63) throw new BrokenScan("a run that leaves its block");
      block[UNZIGZAG[k]] = this.bits.signed(size) * (1 << low);
    }
  }

  private refine(block: Int16Array, ac: HuffmanTable): void {
    const { start, end, low } = this.band;
    const correct = (at: number): void => {
      if (this.bits.bits(1) === 1 && (block[at] & (1 << low)) === 0)
        block[at] += block[at] > 0 ? 1 << low : -(1 << low);
    };
    let k = start;
    if (this.emptyBlocks === 0) {
      for (; k <= end; k++) {
        const symbol = this.bits.symbol(ac);
        let run = symbol >> 4;
        const size = symbol & 15;
        let fresh = 0;
        if (size === 0 && run < 15) {
          this.emptyBlocks = (1 << run) + this.bits.bits(run);
          break;
        }
        if (size > 0) fresh = this.bits.bits(1) === 1 ? 1 << low : -(1 << low);
        // The run counts coefficients that are still zero. Each nonzero coefficient on the way gets one correction bit.
        for (; k <= end; k++) {
          const at = UNZIGZAG[k];
          if (block[at] !== 0) correct(at);
          else if (run-- === 0) break;
        }
        if (k <= end && fresh !== 0) block[UNZIGZAG[k]] = fresh;
      }
    }
    if (this.emptyBlocks > 0) {
      for (; k <= end; k++) if (block[UNZIGZAG[k]] !== 0) correct(UNZIGZAG[k]);
      this.emptyBlocks--;
    }
  }
}

function needed(table: HuffmanTable | null): HuffmanTable {
  if (table === null) throw new BrokenScan("a Huffman table is missing");
  return table;
}
