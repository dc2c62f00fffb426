/** Operations on whole pictures over the WASM kernels: one instance a thread, one memory, nothing kept between calls. */
import { Arena } from "../kernels/arena.js";
import type { ImageKernels } from "../kernels/image.js";
import { instantiate } from "../kernels/module.js";
import { type ResizeWeights, resizeWeights } from "../kernels/resize-weights.js";
import type { Affine, Rectangle, RgbaImage } from "../types.js";
import { invertAffine } from "./align.js";
import { writeJpeg } from "./jpeg-writer.js";

/** A memory that a large photo has grown is dropped after use: WASM memory never shrinks. */
const KEPT_MEMORY_BYTES = 64 * 2 ** 20;

/** The whole picture as a rectangle. */
export function wholeOf(image: RgbaImage): Rectangle {
  return { x: 0, y: 0, width: image.width, height: image.height };
}

export class Pixels {
  private readonly module: WebAssembly.Module;
  private arena!: Arena;
  private kernels!: ImageKernels;
  private readonly weights = new Map<string, ResizeWeights>();

  /** `module`: the compiled image.wasm (loadModule("image")). */
  constructor(module: WebAssembly.Module) {
    this.module = module;
    this.restart();
  }

  private restart(): void {
    const memory = new WebAssembly.Memory({ initial: 1 });
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
      if (this.weights.size > 64) this.weights.clear(); // photos of all sizes pass by
      weights = resizeWeights(source, target);
      this.weights.set(key, weights);
    }
    return weights;
  }

  /** Warps `image` by a photo -> crop matrix; the result is [height, width] RGBA, opaque, black outside of the photo. */
  warp(image: RgbaImage, matrix: Affine, width: number, height: number = width): RgbaImage {
    const arena = this.begin();
    const [a, b, tx, c, d, ty] = invertAffine(matrix);
    // Only the rows that the crop can touch are copied: photos may be far larger than the face.
    const ys = [ty, c * width + ty, d * height + ty, c * width + d * height + ty];
    const top = Math.min(image.height - 1, Math.max(0, Math.floor(Math.min(...ys)) - 1));
    const bottom = Math.min(image.height, Math.max(top + 1, Math.ceil(Math.max(...ys)) + 2));
    const stride = image.width * 4;
    const source = arena.put(image.data.subarray(top * stride, bottom * stride));
    const output = arena.alloc(width * height * 4);
    this.kernels.warpAffineRgba(
      source,
      image.width,
      bottom - top,
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
      ty - top,
    );
    return { width, height, data: arena.bytes(output, width * height * 4).slice() };
  }

  /** Cuts out `crop` (within the picture) and resizes it with an antialiasing filter. */
  resize(image: RgbaImage, crop: Rectangle, width: number, height: number): RgbaImage {
    const arena = this.begin();
    const output = this.resizeInto(arena, image, crop, width, height);
    return { width, height, data: arena.bytes(output, width * height * 4).slice() };
  }

  /** As resize(), written as RGB floats in [-1, 1] into `target`, [height, width, 3]. */
  resizeToFloat(image: RgbaImage, crop: Rectangle, width: number, height: number, target: Float32Array): void {
    const arena = this.begin();
    const resized = this.resizeInto(arena, image, crop, width, height);
    const output = arena.alloc(width * height * 12);
    this.kernels.normalizeRgba(resized, output, width * height);
    target.set(arena.floats(output, width * height * 3));
  }

  /** The bytes of a JPEG file, 4:2:0, `quality` from 1 to 100; alpha is dropped. */
  encodeJpeg(image: RgbaImage, quality: number): Uint8Array {
    const arena = this.begin(); // first: it may replace the kernels
    return writeJpeg(this.kernels, arena, image, quality);
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
