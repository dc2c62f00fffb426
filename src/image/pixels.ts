/**
 * Operations on whole images with the WASM kernels. Use one instance per thread. Each has one memory, and keeps nothing
 * between calls.
 */
import { Arena } from "../kernels/arena.js";
import type { ImageKernels } from "../kernels/image.js";
import { layOutJpegMeans, layOutJpegWindow } from "../kernels/jpeg-window.js";
import { growingPages, type WasmModule } from "../kernels/memory.js";
import { instantiate } from "../kernels/module.js";
import { type ResizeWeights, resizeWeights } from "../kernels/resize-weights.js";
import type { Affine, Rectangle, RgbaImage } from "../types.js";
import { invertAffine } from "./align.js";
import type { BaselineJpeg } from "./formats/jpeg-header.js";
import { damageAfterScan } from "./formats/jpeg-tail.js";
import { writeJpeg } from "./jpeg-writer.js";

/** Bytes above which a memory that a large photo has grown is dropped after use. WASM memory never shrinks. */
const KEPT_MEMORY_BYTES = 64 * 2 ** 20;

/** The meaning of decodeJpegScan's negative results. */
const SCAN_DAMAGE: Readonly<Record<number, string>> = {
  [-1]: "a code that does not exist",
  [-2]: "a run that leaves its block",
  [-3]: "the image data break off",
  [-4]: "a restart marker is missing",
};

/** The whole image as a rectangle. */
export function wholeOf(image: RgbaImage): Rectangle {
  return { x: 0, y: 0, width: image.width, height: image.height };
}

/** Part of an image in the kernels' memory, RGBA, valid until the next operation on pixels outside of it. */
export interface PixelWindow {
  /** Size of the whole image in pixels. */
  readonly width: number;
  readonly height: number;
  /** The part in memory. */
  readonly window: Rectangle;
  readonly pointer: number;
  /** Bytes per row. */
  readonly stride: number;
}

/** The pixels that a warp may read, including the filter's neighbours, clipped to the image but never empty. */
export function windowOfWarp(
  picture: { width: number; height: number },
  matrix: Affine,
  width: number,
  height: number = width,
): Rectangle {
  const [a, b, tx, c, d, ty] = invertAffine(matrix);
  const range = (along: number, down: number, offset: number, limit: number): readonly [number, number] => {
    const ends = [offset, along * width + offset, down * height + offset, along * width + down * height + offset];
    const first = Math.min(limit - 1, Math.max(0, Math.floor(Math.min(...ends)) - 1));
    return [first, Math.min(limit, Math.max(first + 1, Math.ceil(Math.max(...ends)) + 2))];
  };
  const [left, right] = range(a, b, tx, picture.width);
  const [top, bottom] = range(c, d, ty, picture.height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export class Pixels {
  private readonly module: WasmModule;
  private readonly memory: WebAssembly.MemoryDescriptor;
  private arena!: Arena;
  private kernels!: ImageKernels;
  private readonly weights = new Map<string, ResizeWeights>();

  /** @param module the compiled image.wasm (loadModule("image")) */
  constructor(module: WasmModule) {
    this.module = module;
    const maximum = growingPages();
    this.memory = { initial: 1, ...(maximum === undefined ? {} : { maximum }) };
    this.restart();
  }

  private restart(): void {
    const memory = new WebAssembly.Memory(this.memory);
    this.arena = new Arena(memory);
    this.kernels = instantiate<ImageKernels>(this.module, memory);
  }

  private begin(): Arena {
    if (this.arena.memory.buffer.byteLength > KEPT_MEMORY_BYTES) this.restart();
    this.arena.reset();
    return this.arena;
  }

  private weightsFor(source: number, target: number): ResizeWeights {
    const key = `${source}/${target}`;
    let weights = this.weights.get(key);
    if (weights === undefined) {
      if (this.weights.size > 64) this.weights.clear(); // photos of all sizes may occur
      weights = resizeWeights(source, target);
      this.weights.set(key, weights);
    }
    return weights;
  }

  /** Warps `image` by a photo -> crop matrix. @returns [height, width] RGBA, opaque, black outside the photo */
  warp(image: RgbaImage, matrix: Affine, width: number, height: number = width): RgbaImage {
    const arena = this.begin();
    // Copy only the rows that the crop can touch: photos may be far larger than the face.
    const { y, height: rows } = windowOfWarp(image, matrix, width, height);
    const stride = image.width * 4;
    const pointer = arena.put(image.data.subarray(y * stride, (y + rows) * stride));
    const window = { x: 0, y, width: image.width, height: rows };
    const source = { width: image.width, height: image.height, window, pointer, stride };
    return this.copyWindow(this.warpWindow(source, matrix, width, height));
  }

  /**
   * Decodes the pixels of `window` (within the image) of a JPEG file. They equal those of the whole image. For a
   * damaged file, the reason is returned instead, the same one for all windows.
   */
  decodeWindow(bytes: Uint8Array, jpeg: BaselineJpeg, window: Rectangle): PixelWindow | string {
    const arena = this.begin();
    const data = arena.put(bytes.subarray(jpeg.scan));
    const length = bytes.length - jpeg.scan;
    const { params, scratch, output, stride } = layOutJpegWindow(arena, jpeg, window, length);
    const damaged = this.readScan(bytes, jpeg, { data, params, scratch });
    if (damaged !== null) return damaged;
    this.kernels.colourJpegWindow(params, output, stride, scratch);
    return { width: jpeg.width, height: jpeg.height, window, pointer: output, stride };
  }

  /**
   * Decodes a JPEG file at an eighth of its size, rounded up: the mean of each block of 8 x 8 pixels, in a fraction of the
   * time. Pixel x shows the pixels from 8 x on. For a damaged file, the reason is returned instead.
   */
  decodeEighth(bytes: Uint8Array, jpeg: BaselineJpeg): RgbaImage | string {
    const arena = this.begin();
    const data = arena.put(bytes.subarray(jpeg.scan));
    const length = bytes.length - jpeg.scan;
    const { params, scratch, output, stride, width, height } = layOutJpegMeans(arena, jpeg, length);
    const damaged = this.readScan(bytes, jpeg, { data, params, scratch });
    if (damaged !== null) return damaged;
    this.kernels.colourJpegWindow(params, output, stride, scratch);
    return this.copyWindow({ width, height, window: { x: 0, y: 0, width, height }, pointer: output, stride });
  }

  /** Reads the scan into planes. Returns what is damaged about the file, or null. */
  private readScan(
    bytes: Uint8Array,
    { scan }: BaselineJpeg,
    { data, params, scratch }: { readonly data: number; readonly params: number; readonly scratch: number },
  ): string | null {
    const used = this.kernels.decodeJpegScan(data, bytes.length - scan, params, scratch);
    return used < 0 ? SCAN_DAMAGE[used] : damageAfterScan(bytes, scan + used);
  }

  /** Decodes all pixels of a JPEG file, or returns what is damaged about it. */
  decodeWhole(bytes: Uint8Array, jpeg: BaselineJpeg): RgbaImage | string {
    const { width, height } = jpeg;
    const decoded = this.decodeWindow(bytes, jpeg, { x: 0, y: 0, width, height });
    return typeof decoded === "string" ? decoded : this.copyWindow(decoded);
  }

  /**
   * Warps like warp(), but from a window that was decoded just before and that contains the pixels of windowOfWarp(),
   * into a whole image that stays in the kernels' memory.
   */
  warpWindow(source: PixelWindow, matrix: Affine, width: number, height: number = width): PixelWindow {
    const { window, pointer, stride } = source;
    const [a, b, tx, c, d, ty] = invertAffine(matrix);
    const output = this.arena.alloc(width * height * 4);
    // The kernel gets the image's width and a pointer to where its first column would be. Columns keep their numbers,
    // so positions are rounded as in the whole image. The kernel reads only within the window.
    this.kernels.warpAffineRgba(
      pointer - window.x * 4,
      source.width,
      window.height,
      stride,
      output,
      width,
      height,
      width * 4,
      a,
      b,
      tx,
      c,
      d,
      ty - window.y,
    );
    return { width, height, window: { x: 0, y: 0, width, height }, pointer: output, stride: width * 4 };
  }

  /** Copies a window out of the kernels' memory. */
  copyWindow({ window: { width, height }, pointer, stride }: PixelWindow): RgbaImage {
    const rows = this.arena.bytes(pointer, stride * height);
    if (stride === width * 4) return { width, height, data: rows.slice() };
    const data = new Uint8Array(width * height * 4);
    for (let y = 0; y < height; y++) data.set(rows.subarray(y * stride, y * stride + width * 4), y * width * 4);
    return { width, height, data };
  }

  /** Cuts out `crop` (within the image) and resizes it with an antialiasing filter. */
  resize(image: RgbaImage, crop: Rectangle, width: number, height: number): RgbaImage {
    const arena = this.begin();
    const output = this.resizeInto(arena, image, crop, width, height);
    return { width, height, data: arena.bytes(output, width * height * 4).slice() };
  }

  /** Resizes like resize() and writes RGB floats in [-1, 1] into `target`, [height, width, 3]. */
  resizeToFloat(image: RgbaImage, crop: Rectangle, width: number, height: number, target: Float32Array): void {
    const arena = this.begin();
    const resized = this.resizeInto(arena, image, crop, width, height);
    const output = arena.alloc(width * height * 12);
    this.kernels.normalizeRgba(resized, output, width * height);
    target.set(arena.floats(output, width * height * 3));
  }

  /** Encodes a JPEG file, 4:2:0, with `quality` from 1 to 100. Alpha is dropped. */
  encodeJpeg(image: RgbaImage, quality: number): Uint8Array {
    const arena = this.begin(); // call it first: it may replace the kernels
    const { width, height, data } = image;
    const source = { width, height, pointer: arena.put(data), stride: width * 4 };
    return writeJpeg(this.kernels, arena, source, quality);
  }

  /** Encodes a window like encodeJpeg(), without copying its pixels. */
  encodeWindow({ window: { width, height }, pointer, stride }: PixelWindow, quality: number): Uint8Array {
    return writeJpeg(this.kernels, this.arena, { width, height, pointer, stride }, quality);
  }

  private resizeInto(arena: Arena, image: RgbaImage, crop: Rectangle, width: number, height: number): number {
    const stride = image.width * 4;
    const rows = arena.put(image.data.subarray(crop.y * stride, (crop.y + crop.height) * stride));
    const across = this.weightsFor(crop.width, width);
    const down = this.weightsFor(crop.height, height);
    const [acrossStarts, acrossWeights] = [arena.put(across.starts), arena.put(across.weights)];
    const [downStarts, downWeights] = [arena.put(down.starts), arena.put(down.weights)];
    const narrowed = arena.alloc(width * crop.height * 4);
    const output = arena.alloc(width * height * 4);
    const { resizeAcrossRgba, resizeDownRgba } = this.kernels;
    const source = rows + crop.x * 4;
    resizeAcrossRgba(source, stride, narrowed, width * 4, width, crop.height, acrossStarts, acrossWeights, across.taps);
    resizeDownRgba(narrowed, width * 4, output, width * 4, width, height, downStarts, downWeights, down.taps);
    return output;
  }
}
