/** Reads the directory of a TIFF file's first page, within bounds. */
import { isOrientation, type Orientation } from "../orientation.js";

export const TAG = {
  subfileType: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planes: 284,
  predictor: 317,
  colours: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  subPages: 330,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  yccSampling: 530,
} as const;

const [BYTE, UNDEFINED] = [1, 7];
/** Bytes per value of the types BYTE, SHORT and LONG, the only ones that are read as numbers. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 };

export class TiffPage {
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  readonly little: boolean;
  private readonly view: DataView;
  /** Byte offset of each tag's entry. */
  private readonly entries = new Map<number, number>();

  /** @throws RangeError if the directory is beyond the end of the file */
  constructor(view: DataView) {
    this.view = view;
    this.little = view.getUint8(0) === 0x49;
    const directory = view.getUint32(4, this.little);
    const count = view.getUint16(directory, this.little);
    for (let i = 0; i < count; i++) {
      const entry = directory + 2 + i * 12;
      if (entry + 12 > view.byteLength) throw new RangeError("the directory lies beyond the file");
      const tag = view.getUint16(entry, this.little);
      if (!this.entries.has(tag)) this.entries.set(tag, entry);
    }
    this.width = this.value(TAG.width, 0);
    this.height = this.value(TAG.height, 0);
    const orientation = this.value(TAG.orientation, 1);
    this.orientation = isOrientation(orientation) ? orientation : 1;
  }

  /** The first value of a tag; `missing` without the tag. */
  value(tag: number, missing: number): number {
    return this.values(tag, 1)?.[0] ?? missing;
  }

  /** The number of values that a tag states; 0 without the tag. */
  count(tag: number): number {
    const entry = this.entries.get(tag);
    return entry === undefined ? 0 : this.view.getUint32(entry + 4, this.little);
  }

  has(tag: number): boolean {
    return this.entries.has(tag);
  }

  /** The bytes of a tag with byte values, as far as the file contains them; null if there are none. */
  bytes(tag: number): Uint8Array | null {
    const { view, little } = this;
    const entry = this.entries.get(tag);
    if (entry === undefined || ![BYTE, UNDEFINED].includes(view.getUint16(entry + 2, little))) return null;
    const count = view.getUint32(entry + 4, little);
    const start = count <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).subarray(start, start + count);
  }

  /** The first values of a tag, at most `limit` and no more than the file contains; null if there are none. */
  values(tag: number, limit: number): number[] | null {
    const { view, little } = this;
    const entry = this.entries.get(tag);
    if (entry === undefined) return null;
    const size = VALUE_BYTES[view.getUint16(entry + 2, little)];
    if (size === undefined) return null;
    const stated = view.getUint32(entry + 4, little);
    const start = stated * size <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    const count = Math.min(stated, limit, Math.max(0, Math.floor((view.byteLength - start) / size)));
    return Array.from({ length: count }, (_, i) => {
      const at = start + i * size;
      if (size === 1) return view.getUint8(at);
      return size === 2 ? view.getUint16(at, little) : view.getUint32(at, little);
    });
  }
}

/** The first page of a file that begins with TIFF's signature. @throws RangeError if the file ends within the directory */
export function readTiffPage(bytes: Uint8Array): TiffPage {
  return new TiffPage(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
