/**
 * Writes baseline JPEG files, 4:2:0 as cameras and OpenCV do. The headers are made here; the scan kernel encodes the
 * pixels.
 */
import type { Arena } from "../kernels/arena.js";
import type { ImageKernels } from "../kernels/image.js";
import {
  HUFFMAN_TABLES,
  JPEG_SCRATCH_BYTES,
  JPEG_TILE_BYTES,
  jpegTables,
  quantisationTables,
} from "../kernels/jpeg-tables.js";

function segment(marker: number, ...parts: readonly ArrayLike<number>[]): number[] {
  const body = parts.flatMap((part) => Array.from(part));
  const length = body.length + 2;
  return [0xff, marker, length >> 8, length & 0xff, ...body];
}

function headerOf(width: number, height: number, quality: number): Uint8Array {
  const [luma, chroma] = quantisationTables(quality);
  const size = [height >> 8, height & 0xff, width >> 8, width & 0xff];
  return Uint8Array.from([
    ...[0xff, 0xd8], // start of image
    ...segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]), // JFIF 1.1, square pixels, no thumbnail
    ...segment(0xdb, [0], luma),
    ...segment(0xdb, [1], chroma),
    // Baseline frame, 8 bits, three components: Y at 2 x 2 with tables 0, Cb and Cr at 1 x 1 with tables 1.
    ...segment(0xc0, [8], size, [3], [1, 0x22, 0], [2, 0x11, 1], [3, 0x11, 1]),
    ...HUFFMAN_TABLES.flatMap(({ id, counts, symbols }) => segment(0xc4, [id], counts, symbols)),
    ...segment(0xda, [3], [1, 0x00], [2, 0x11], [3, 0x11], [0, 63, 0]), // one scan of all coefficients
  ]);
}

/** Tables and headers of the last call. They depend only on quality and size, which hardly change within a run. */
let tables: { readonly quality: number; readonly block: Uint8Array } | null = null;
let header: { readonly key: string; readonly bytes: Uint8Array } | null = null;

/** RGBA pixels in the kernels' memory. */
export interface JpegSource {
  readonly width: number;
  readonly height: number;
  readonly pointer: number;
  /** Bytes per row. */
  readonly stride: number;
}

/**
 * Encodes an image of at most 65,535 pixels per side. Alpha is ignored. `quality` from 1 to 100 scales the standard
 * tables as libjpeg does. It allocates in the arena; reset the arena afterwards.
 */
export function writeJpeg(kernels: ImageKernels, arena: Arena, image: JpegSource, quality: number): Uint8Array {
  const { width, height, pointer, stride } = image;
  if (tables?.quality !== quality) tables = { quality, block: jpegTables(quality) };
  const key = `${width}x${height} ${quality}`;
  if (header?.key !== key) header = { key, bytes: headerOf(width, height, quality) };
  const tablePointer = arena.put(tables.block);
  const scratch = arena.alloc(JPEG_SCRATCH_BYTES);
  const output = arena.alloc(Math.ceil(width / 16) * Math.ceil(height / 16) * JPEG_TILE_BYTES + 16);
  const length = kernels.encodeJpegScan(pointer, width, height, stride, tablePointer, scratch, output);
  const bytes = new Uint8Array(header.bytes.length + length + 2);
  bytes.set(header.bytes);
  bytes.set(arena.bytes(output, length), header.bytes.length);
  bytes.set([0xff, 0xd9], bytes.length - 2); // end of image
  return bytes;
}
