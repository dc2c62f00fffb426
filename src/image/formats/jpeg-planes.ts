/**
 * A plain JPEG decoder, baseline and progressive, that returns the samples of each component. It handles files that
 * mozjpeg's WASM build does not convert or upsample as libjpeg-turbo does: four components, and samplings other than
 * 4:4:4, 4:2:2 and 4:2:0. It also checks the sequential files that mozjpeg decodes for damage.
 */
import type { Damage } from "./damage.js";
import { BitReader, BlockDecoder, BrokenScan, type HuffmanTable, huffmanTable, UNZIGZAG } from "./jpeg-entropy.js";
import { inverseDct } from "./jpeg-idct.js";
import { DHT, DQT, DRI, type Segment, SOS } from "./jpeg-segments.js";
import { isSequential, type JpegStructure } from "./jpeg-structure.js";
import { damageAfterScan, damageBetweenScans } from "./jpeg-tail.js";

interface Component {
  readonly id: number;
  /** Sampling factors, 1 to 4. */
  readonly h: number;
  readonly v: number;
  readonly quantiser: number;
  /** Number of samples that belong to the image. */
  readonly width: number;
  readonly height: number;
  /**
   * Number of blocks per row and column of `coefficients`, which contains whole MCUs. If coefficients are not kept, all
   * blocks share a single one.
   */
  readonly blocksAcross: number;
  readonly blocksDown: number;
  readonly coefficients: Int16Array;
}

/** The samples of a component, [height, stride]. The first `width` of each row belong to the image. */
export interface Plane {
  readonly h: number;
  readonly v: number;
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  readonly samples: Uint8Array;
}

function readFrame(
  bytes: Uint8Array,
  { start, end }: Segment,
  { width, height }: JpegStructure,
  keep: boolean,
): Component[] {
  const count = bytes[start + 9];
  if (count === 0 || count > 4 || end < start + 10 + count * 3) throw new Error(`a frame of ${count} components`);
  const factors = Array.from({ length: count }, (_, i) => {
    const at = start + 10 + i * 3;
    return { id: bytes[at], h: bytes[at + 1] >> 4, v: bytes[at + 1] & 15, quantiser: bytes[at + 2] };
  });
  if (factors.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4)) throw new Error("a sampling that does not exist");
  const most = { h: Math.max(...factors.map(({ h }) => h)), v: Math.max(...factors.map(({ v }) => v)) };
  const [mcusAcross, mcusDown] = [Math.ceil(width / (8 * most.h)), Math.ceil(height / (8 * most.v))];
  return factors.map((factor) => {
    const [blocksAcross, blocksDown] = [mcusAcross * factor.h, mcusDown * factor.v];
    return {
      ...factor,
      width: Math.ceil((width * factor.h) / most.h),
      height: Math.ceil((height * factor.v) / most.v),
      blocksAcross,
      blocksDown,
      coefficients: new Int16Array(keep ? blocksAcross * blocksDown * 64 : 64),
    };
  });
}

class Decoder {
  private readonly quantisers: (Uint16Array | null)[] = [null, null, null, null];
  private readonly dc: (HuffmanTable | null)[] = [null, null, null, null];
  private readonly ac: (HuffmanTable | null)[] = [null, null, null, null];
  private restartInterval = 0;
  private scans = 0;
  /** Components whose DC coefficients have been read, by their id, with the quantiser at that time. */
  private readonly begun = new Map<number, Uint16Array | null>();
  private components: Component[] = [];
  private readonly bytes: Uint8Array;
  private readonly structure: JpegStructure;
  private readonly damage: Damage;
  private readonly keep: boolean;

  /** @param keep true to keep the coefficients; false only reads past them, which works for sequential files */
  constructor(bytes: Uint8Array, structure: JpegStructure, damage: Damage, keep: boolean) {
    this.bytes = bytes;
    this.structure = structure;
    this.damage = damage;
    this.keep = keep;
  }

  /** Reads all segments. */
  read(): void {
    for (const segment of this.structure.segments) {
      const { marker, start, end } = segment;
      if (marker === DQT) this.readQuantisers(start + 4, end);
      else if (marker === DHT) this.readHuffman(start + 4, end);
      else if (marker === DRI) this.restartInterval = (this.bytes[start + 4] << 8) | this.bytes[start + 5];
      else if (marker === SOS) this.readScan(start, end);
      else if (marker === this.structure.frame) {
        if (this.components.length > 0) this.damage.note("a second frame header");
        else this.components = readFrame(this.bytes, segment, this.structure, this.keep);
      }
    }
    if (this.components.some(({ id }) => !this.begun.has(id))) this.damage.note("a component has no scan");
  }

  planes(): Plane[] {
    return this.components.map((component) => this.planeOf(component));
  }

  private readQuantisers(from: number, end: number): void {
    for (let at = from; at < end; ) {
      const [wide, id] = [this.bytes[at] >> 4, this.bytes[at] & 15];
      const step = wide + 1;
      if (id > 3 || wide > 1 || at + 1 + 64 * step > end) {
        this.damage.note("a broken quantisation table");
        return;
      }
      const table = new Uint16Array(64);
      for (let k = 0; k < 64; k++) {
        const place = at + 1 + k * step;
        table[UNZIGZAG[k]] = wide === 1 ? (this.bytes[place] << 8) | this.bytes[place + 1] : this.bytes[place];
      }
      this.quantisers[id] = table;
      at += 1 + 64 * step;
    }
  }

  private readHuffman(from: number, end: number): void {
    for (let at = from; at + 17 <= end; ) {
      const [kind, id] = [this.bytes[at] >> 4, this.bytes[at] & 15];
      const counts = this.bytes.subarray(at + 1, at + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const table = huffmanTable(counts, this.bytes.subarray(at + 17, Math.min(end, at + 17 + total)));
      if (id > 3 || kind > 1 || table === null) {
        this.damage.note("a broken Huffman table");
        return;
      }
      (kind === 0 ? this.dc : this.ac)[id] = table;
      at += 17 + total;
    }
  }

  private readScan(start: number, end: number): void {
    const { bytes, structure } = this;
    this.scans++;
    const count = bytes[start + 4];
    const data = start + 2 + ((bytes[start + 2] << 8) | bytes[start + 3]);
    const parts = Array.from({ length: Math.min(4, count) }, (_, i) => {
      const [id, tables] = [bytes[start + 5 + i * 2], bytes[start + 6 + i * 2]];
      const component = this.components.find((other) => other.id === id);
      return {
        component: component!,
        dc: this.dc[tables >> 4] ?? null,
        ac: this.ac[tables & 15] ?? null,
        prediction: 0,
      };
    });
    const at = start + 5 + count * 2;
    const progressive = !isSequential(structure);
    const band = progressive
      ? { start: bytes[at], end: bytes[at + 1], high: bytes[at + 2] >> 4, low: bytes[at + 2] & 15 }
      : { start: 0, end: 63, high: 0, low: 0 };
    const known = count >= 1 && count <= 4 && parts.every(({ component }) => component !== undefined);
    const possible = band.start <= band.end && band.end <= 63 && band.low <= 13;
    const separate = !progressive || (band.start === 0 ? band.end === 0 : count === 1);
    if (!known || !possible || !separate || data > end) {
      this.damage.note("a scan that makes no sense");
      return;
    }

    if (band.start === 0) {
      for (const { component } of parts) {
        if (!this.begun.has(component.id)) this.begun.set(component.id, this.quantisers[component.quantiser] ?? null);
      }
    }
    const bits = new BitReader(bytes, data, end);
    const blocks = new BlockDecoder(bits, band, progressive);
    const alone = parts.length === 1 ? parts[0].component : null;
    const first = this.components[0];
    const across = alone === null ? first.blocksAcross / first.h : Math.ceil(alone.width / 8);
    const down = alone === null ? first.blocksDown / first.v : Math.ceil(alone.height / 8);
    const total = across * down;
    const decodeMcu = (mcu: number): void => {
      const [x, y] = [mcu % across, Math.floor(mcu / across)];
      for (const part of parts) {
        const { component, dc, ac } = part;
        const [h, v] = alone === null ? [component.h, component.v] : [1, 1];
        for (let i = 0; i < h * v; i++) {
          const block = this.keep ? (y * v + Math.floor(i / h)) * component.blocksAcross + x * h + (i % h) : 0;
          const coefficients = component.coefficients.subarray(block * 64, block * 64 + 64);
          part.prediction = blocks.decode(coefficients, part.prediction, dc, ac);
        }
      }
    };
    const interval = this.restartInterval > 0 ? this.restartInterval : total;
    let whole = true;
    for (let from = 0; from < total; ) {
      try {
        for (let mcu = from; mcu < Math.min(total, from + interval); mcu++) decodeMcu(mcu);
        bits.checkEnd();
      } catch (error) {
        whole = false;
        if (!(error instanceof BrokenScan)) throw error;
        this.damage.note(error.message);
      }
      const expected = Math.floor(from / interval) & 7;
      from += interval;
      if (from >= total) break;
      const marker = bits.restart();
      if (marker?.number !== expected || !marker.direct) this.damage.note("a restart marker is missing");
      if (marker === null) {
        whole = false;
        break;
      }
      // Lost markers: their parts of the image are missing, too.
      from += ((marker.number - expected) & 7) * interval;
      blocks.restart();
      for (const part of parts) part.prediction = 0;
    }
    if (whole) this.checkBehind(bits.position, end);
  }

  private checkBehind(at: number, end: number): void {
    const last = this.scans === this.structure.scans;
    const reason = last ? damageAfterScan(this.bytes, at) : damageBetweenScans(this.bytes, at, end);
    if (reason !== null) this.damage.note(reason);
  }

  private planeOf({ id, h, v, width, height, blocksAcross, coefficients, quantiser }: Component): Plane {
    const table = this.begun.get(id) ?? this.quantisers[quantiser] ?? null;
    if (table === null) this.damage.note("a quantisation table is missing");
    const stride = blocksAcross * 8;
    const samples = new Uint8Array(coefficients.length).fill(128);
    const blocks = table === null ? 0 : coefficients.length / 64;
    for (let block = 0; block < blocks; block++) {
      const at = Math.floor(block / blocksAcross) * 8 * stride + (block % blocksAcross) * 8;
      inverseDct(coefficients.subarray(block * 64, block * 64 + 64), table!, samples, at, stride);
    }
    return { h, v, width, height, stride, samples };
  }
}

/**
 * Decodes the components of an 8-bit JPEG file that `structure` describes. Broken data are noted as damage; samples
 * that they do not reach stay grey. It uses ten bytes per sample while it works.
 */
export function decodeJpegPlanes(bytes: Uint8Array, structure: JpegStructure, damage: Damage): Plane[] {
  const decoder = new Decoder(bytes, structure, damage, true);
  decoder.read();
  return decoder.planes();
}

/** Notes damage to the scans of an 8-bit sequential JPEG file. It uses little memory. */
export function checkJpegScans(bytes: Uint8Array, structure: JpegStructure, damage: Damage): void {
  new Decoder(bytes, structure, damage, false).read();
}
