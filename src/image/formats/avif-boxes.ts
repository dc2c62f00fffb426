/** The boxes of an AVIF file: the size, turn and sampling of its primary picture, and where the coded pictures lie. */
import type { Orientation } from "../orientation.js";

export interface AvifFile {
  /** As stored, before the turn that `orientation` asks for. */
  readonly width: number;
  readonly height: number;
  /** From the primary picture's rotation and mirror; EXIF does not count in AVIF. */
  readonly orientation: Orientation;
  /** Chroma has half the columns. */
  readonly halfChroma: boolean;
  /** CICP's number of the matrix that gave luma and chroma; 2 if the file does not say it. */
  readonly matrix: number;
  /** Contents of all items, as far as the file has them. */
  readonly items: readonly Uint8Array[];
  /** What is missing of the file; null if nothing. */
  readonly missing: string | null;
}

/** In the third byte of an av1C box: monochrome and half the columns of chroma. */
const [AV1C_CHROMA, AV1C_HALF_CHROMA] = [0x18, 0x08];

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Reads a file's boxes with bounds: beyond the end everything throws a RangeError. */
class Reader {
  readonly view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint(size: number): number {
    const at = this.at;
    this.at += size;
    if (size === 0) return 0;
    if (size === 1) return this.view.getUint8(at);
    if (size === 2) return this.view.getUint16(at);
    if (size === 4) return this.view.getUint32(at);
    return Number(this.view.getBigUint64(at));
  }

  type(): string {
    const code = this.uint(4);
    return String.fromCharCode(code >>> 24, (code >> 16) & 255, (code >> 8) & 255, code & 255);
  }

  /** The boxes between two places, one after the other, up to a length that makes no sense. */
  *boxes(from: number, to: number): Generator<Box> {
    for (let at = from; at + 8 <= to; ) {
      this.at = at;
      const size = this.uint(4);
      const type = this.type();
      const length = size === 1 ? this.uint(8) : size === 0 ? to - at : size;
      if (length < this.at - at) return;
      yield { type, start: this.at, end: at + length };
      at += length;
    }
  }

  /** The version of a box that has one, with its flags behind. */
  version({ start }: Box): { version: number; flags: number } {
    this.at = start;
    const word = this.uint(4);
    return { version: word >>> 24, flags: word & 0xffffff };
  }
}

/** Whether a file's brands say that it is AVIF. Other pictures in the same container, as HEIC, have other brands. */
export function avifBrands(bytes: Uint8Array): readonly string[] {
  const size = ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, size, 512)).toString("latin1");
  if (text.slice(4, 8) !== "ftyp") return [];
  const brands = [text.slice(8, 12)];
  for (let at = 16; at + 4 <= text.length; at += 4) brands.push(text.slice(at, at + 4));
  return brands;
}

/** The properties of one item, in order. */
function propertiesOf(reader: Reader, iprp: Box, item: number): Box[] {
  const container = [...reader.boxes(iprp.start, iprp.end)];
  const ipco = container.find(({ type }) => type === "ipco");
  if (ipco === undefined) return [];
  const all = [...reader.boxes(ipco.start, ipco.end)];
  const indices: number[] = [];
  for (const ipma of container.filter(({ type }) => type === "ipma")) {
    const { version, flags } = reader.version(ipma);
    const entries = reader.uint(4);
    for (let i = 0; i < entries; i++) {
      const id = reader.uint(version < 1 ? 2 : 4);
      const count = reader.uint(1);
      for (let k = 0; k < count; k++) {
        const index = (flags & 1) !== 0 ? reader.uint(2) & 0x7fff : reader.uint(1) & 0x7f;
        if (id === item && index > 0 && index <= all.length) indices.push(index - 1);
      }
    }
  }
  return indices.map((index) => all[index]);
}

/** The extents of every item, [start, end] in the file. */
function extentsOf(reader: Reader, iloc: Box, idat: Box | undefined): [number, number][] {
  const { version } = reader.version(iloc);
  const sizes = reader.uint(2);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version > 0 ? sizes & 15 : 0;
  if ([offsetSize, lengthSize, baseSize, indexSize].some((size) => ![0, 4, 8].includes(size))) {
    throw new RangeError("fields of a length that does not exist");
  }
  const count = reader.uint(version < 2 ? 2 : 4);
  const extents: [number, number][] = [];
  for (let i = 0; i < count; i++) {
    reader.at += version < 2 ? 2 : 4;
    const inBox = version > 0 && (reader.uint(2) & 15) === 1;
    reader.at += 2;
    const base = reader.uint(baseSize) + (inBox ? (idat?.start ?? 0) : 0);
    const parts = reader.uint(2);
    if (parts > 1 && indexSize + offsetSize + lengthSize === 0) throw new RangeError("extents without a place");
    for (let k = 0; k < parts; k++) {
      reader.at += indexSize;
      const start = base + reader.uint(offsetSize);
      const length = reader.uint(lengthSize);
      extents.push([start, length === 0 ? reader.view.byteLength : start + length]);
    }
  }
  return extents;
}

/** EXIF's number for a rotation (quarter turns against the clock) and then a mirror, as Pillow maps them. */
function orientationOf(angle: number, axis: number | null): Orientation {
  const turned = [1, 8, 3, 6] as const;
  const mirroredAcross = [4, 5, 2, 7] as const;
  const mirroredDown = [2, 7, 4, 5] as const;
  return (axis === null ? turned : axis === 1 ? mirroredDown : mirroredAcross)[angle];
}

/**
 * Reads the boxes of a file whose brands say AVIF, or of its first part. Returns null when there is no picture item, as
 * in a sequence without one; throws a RangeError when the boxes end too early or make no sense.
 */
export function readAvif(bytes: Uint8Array): AvifFile | null {
  const reader = new Reader(bytes);
  let meta: Box | null = null;
  let last = 0;
  for (const box of reader.boxes(0, bytes.length)) {
    if (box.type === "meta") meta ??= box;
    if (["meta", "mdat", "moov"].includes(box.type)) last = Math.max(last, box.end);
  }
  if (meta === null) return null;
  if (meta.end > bytes.length) throw new RangeError("the boxes are cut off");
  const boxes = new Map([...reader.boxes(meta.start + 4, meta.end)].map((box) => [box.type, box]));
  const [pitm, iprp, iloc] = ["pitm", "iprp", "iloc"].map((type) => boxes.get(type));
  if (pitm === undefined || iprp === undefined || iloc === undefined) return null;
  const { version } = reader.version(pitm);
  const primary = reader.uint(version === 0 ? 2 : 4);
  let size: { width: number; height: number } | null = null;
  let [angle, axis, halfChroma, matrix]: [number, number | null, boolean, number] = [0, null, false, 2];
  for (const { type, start } of propertiesOf(reader, iprp, primary)) {
    reader.at = start;
    if (type === "ispe") {
      reader.at += 4;
      size ??= { width: reader.uint(4), height: reader.uint(4) };
    } else if (type === "irot") angle = reader.uint(1) & 3;
    else if (type === "imir") axis = reader.uint(1) & 1;
    else if (type === "av1C") halfChroma = (reader.view.getUint8(start + 2) & AV1C_CHROMA) === AV1C_HALF_CHROMA;
    else if (type === "colr" && reader.type() === "nclx") matrix = reader.view.getUint16(start + 8);
  }
  if (size === null) return null;
  const extents = extentsOf(reader, iloc, boxes.get("idat"));
  for (const [, end] of extents) last = Math.max(last, end);
  return {
    ...size,
    orientation: orientationOf(angle, axis),
    ...{ halfChroma, matrix },
    items: extents.map(([start, end]) => bytes.subarray(start, end)),
    missing: last > bytes.length ? `the file has ${bytes.length} of its ${last} bytes` : null,
  };
}
