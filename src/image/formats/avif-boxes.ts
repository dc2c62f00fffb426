/** Reads the boxes of an AVIF file: size, rotation and chroma sampling of its primary image, and where the coded images are. */
import { concat, textOf } from "../../bytes.js";
import type { Orientation } from "../orientation.js";

export interface AvifFile {
  /** Size as stored, in pixels, before the rotation in `orientation`. */
  readonly width: number;
  readonly height: number;
  /** Derived from the primary image's rotation and mirror. AVIF ignores EXIF. */
  readonly orientation: Orientation;
  /** True if chroma has half as many columns as luma. */
  readonly halfChroma: boolean;
  /** CICP's number of the matrix between RGB and luma and chroma; 2 if the file does not state it. */
  readonly matrix: number;
  /** Contents of all items, as far as the file contains them. */
  readonly items: readonly Uint8Array[];
  /** Parts for a file with only the primary image; null if the image consists of several coded images (a grid, layers). */
  readonly still: AvifStill | null;
  /** Which part of the file is missing; null if it is complete. */
  readonly missing: string | null;
}

/** Essential properties that a file with only the primary image can omit or repeat. */
const KNOWN_PROPERTIES = new Set(["ispe", "pixi", "av1C", "colr", "irot", "imir", "clap", "pasp"]);
/**
 * In the third byte of an av1C box: the bits for monochrome and for half as many chroma columns, and their value for a
 * colour image with half as many.
 */
const [AV1C_CHROMA, AV1C_HALF_CHROMA] = [0x18, 0x08];

/** The primary image: its AV1 data, and the contents of its av1C and nclx boxes. */
export interface AvifStill {
  readonly data: Uint8Array;
  readonly config: Uint8Array;
  readonly colour: Uint8Array | null;
}

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Reads a file's boxes within bounds. Every read beyond the end throws a RangeError. */
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

  /** The consecutive boxes between two positions. It stops at a length that makes no sense. */
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

  /** The version and flags at the start of a box that has them. */
  version({ start }: Box): { version: number; flags: number } {
    this.at = start;
    const word = this.uint(4);
    return { version: word >>> 24, flags: word & 0xffffff };
  }
}

/** The brands of a file, which show whether it is AVIF. Other images in the same container, such as HEIC, have other brands. */
export function avifBrands(bytes: Uint8Array): readonly string[] {
  const size = ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0;
  const text = textOf(bytes, 0, Math.min(bytes.length, size, 512));
  if (text.slice(4, 8) !== "ftyp") return [];
  const brands = [text.slice(8, 12)];
  for (let at = 16; at + 4 <= text.length; at += 4) brands.push(text.slice(at, at + 4));
  return brands;
}

interface Property extends Box {
  /** A reader that does not know an essential property must not show the item. */
  readonly essential: boolean;
}

/** The properties of one item, in order. */
function propertiesOf(reader: Reader, iprp: Box, item: number): Property[] {
  const container = [...reader.boxes(iprp.start, iprp.end)];
  const ipco = container.find(({ type }) => type === "ipco");
  if (ipco === undefined) return [];
  const all = [...reader.boxes(ipco.start, ipco.end)];
  const found: Property[] = [];
  for (const ipma of container.filter(({ type }) => type === "ipma")) {
    const { version, flags } = reader.version(ipma);
    const entries = reader.uint(4);
    for (let i = 0; i < entries; i++) {
      const id = reader.uint(version < 1 ? 2 : 4);
      const count = reader.uint(1);
      for (let k = 0; k < count; k++) {
        const wide = (flags & 1) !== 0;
        const word = reader.uint(wide ? 2 : 1);
        const index = word & (wide ? 0x7fff : 0x7f);
        if (id === item && index > 0 && index <= all.length)
          found.push({ ...all[index - 1], essential: word !== index });
      }
    }
  }
  return found;
}

/** A part of an item's contents, from byte `start` to byte `end` of the file. */
interface Extent {
  readonly item: number;
  readonly start: number;
  readonly end: number;
}

/** The extents of all items. */
function extentsOf(reader: Reader, iloc: Box, idat: Box | undefined): Extent[] {
  const { version } = reader.version(iloc);
  const sizes = reader.uint(2);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version > 0 ? sizes & 15 : 0;
  if ([offsetSize, lengthSize, baseSize, indexSize].some((size) => ![0, 4, 8].includes(size))) {
    throw new RangeError("fields of a length that does not exist");
  }
  const count = reader.uint(version < 2 ? 2 : 4);
  const extents: Extent[] = [];
  for (let i = 0; i < count; i++) {
    const item = reader.uint(version < 2 ? 2 : 4);
    const inBox = version > 0 && (reader.uint(2) & 15) === 1;
    reader.at += 2;
    const base = reader.uint(baseSize) + (inBox ? (idat?.start ?? 0) : 0);
    const parts = reader.uint(2);
    if (parts > 1 && indexSize + offsetSize + lengthSize === 0) throw new RangeError("extents without a place");
    for (let k = 0; k < parts; k++) {
      reader.at += indexSize;
      const start = base + reader.uint(offsetSize);
      const length = reader.uint(lengthSize);
      extents.push({ item, start, end: length === 0 ? reader.view.byteLength : start + length });
    }
  }
  return extents;
}

/** True if the list of items says that an item is AV1 data. */
function isAv1(reader: Reader, iinf: Box | undefined, item: number): boolean {
  if (iinf === undefined) return false;
  const { version } = reader.version(iinf);
  for (const infe of reader.boxes(iinf.start + (version === 0 ? 6 : 8), iinf.end)) {
    const { version: form } = reader.version(infe);
    if (form < 2 || reader.uint(form === 2 ? 2 : 4) !== item) continue;
    reader.at += 2;
    return reader.type() === "av01";
  }
  return false;
}

/** True if the colours of an item are multiplied by its opacity. */
function isPremultiplied(reader: Reader, iref: Box | undefined): boolean {
  return iref !== undefined && [...reader.boxes(iref.start + 4, iref.end)].some(({ type }) => type === "prem");
}

/** EXIF's number for a rotation (in quarter turns anticlockwise) followed by a mirror, as Pillow maps them. */
function orientationOf(angle: number, axis: number | null): Orientation {
  const turned = [1, 8, 3, 6] as const;
  const mirroredAcross = [4, 5, 2, 7] as const;
  const mirroredDown = [2, 7, 4, 5] as const;
  return (axis === null ? turned : axis === 1 ? mirroredDown : mirroredAcross)[angle];
}

/**
 * Reads the boxes of a file with AVIF brands, or of the first part of such a file. Returns null if there is no image
 * item, as in a sequence without one. @throws RangeError if the boxes end too early or make no sense
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
  const properties = propertiesOf(reader, iprp, primary);
  let [config, colour]: [Uint8Array | null, Uint8Array | null] = [null, null];
  for (const { type, start, end } of properties) {
    reader.at = start;
    if (type === "ispe") {
      reader.at += 4;
      size ??= { width: reader.uint(4), height: reader.uint(4) };
    } else if (type === "irot") angle = reader.uint(1) & 3;
    else if (type === "imir") axis = reader.uint(1) & 1;
    else if (type === "av1C") {
      config = bytes.subarray(start, end);
      halfChroma = (reader.view.getUint8(start + 2) & AV1C_CHROMA) === AV1C_HALF_CHROMA;
    } else if (type === "colr" && reader.type() === "nclx") {
      colour = bytes.subarray(start, end);
      matrix = reader.view.getUint16(start + 8);
    }
  }
  if (size === null) return null;
  const extents = extentsOf(reader, iloc, boxes.get("idat"));
  for (const { end } of extents) last = Math.max(last, end);
  const simple =
    properties.every(({ type, essential }) => !essential || KNOWN_PROPERTIES.has(type)) &&
    isAv1(reader, boxes.get("iinf"), primary) &&
    !isPremultiplied(reader, boxes.get("iref"));
  const parts = extents.filter(({ item }) => item === primary).map(({ start, end }) => bytes.subarray(start, end));
  const still = simple && config !== null ? { data: concat(parts), config, colour } : null;
  return {
    ...size,
    orientation: orientationOf(angle, axis),
    ...{ halfChroma, matrix },
    items: extents.map(({ start, end }) => bytes.subarray(start, end)),
    still,
    missing: last > bytes.length ? `the file has ${bytes.length} of its ${last} bytes` : null,
  };
}
