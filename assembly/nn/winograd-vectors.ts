/** The input vectors of Winograd tiles: sums and differences of an image's pixels (winograd-plan.ts). */
import { multiplyAdd } from "../multiply-add";
import * as plan from "./winograd-plan";

/**
 * Finds the pixels of some tiles.
 *
 * @param p         the plan (winograd-plan.ts)
 * @param x         float32 [n, h, w, channels]
 * @param zeros     float32 zeros, at least `channels`, for pixels outside the image
 * @param to        u32 addresses [tiles][window][window]
 * @param blockRows tiles per block
 * @param block     number of the block
 */
export function findWinogradPixels(p: usize, x: usize, zeros: usize, to: usize, blockRows: i32, block: i32): void {
  const height = plan.inputHeight(p);
  const width = plan.inputWidth(p);
  const window = plan.window(p);
  const pixelBytes: usize = (<usize>plan.channels(p)) << 2;
  const last = min((block + 1) * blockRows, plan.batch(p) * plan.tilesY(p) * plan.tilesX(p));
  let out = to + ((<usize>(block * blockRows * window * window)) << 2);
  for (let tile = block * blockRows; tile < last; tile++) {
    const image = x + <usize>(plan.imageOf(p, tile) * height * width) * pixelBytes;
    const top = plan.inputTop(p, tile);
    const left = plan.inputLeft(p, tile);
    for (let iy = top; iy < top + window; iy++) {
      const isInside = iy >= 0 && iy < height;
      const row = image + <usize>(iy * width) * pixelBytes;
      for (let ix = left; ix < left + window; ix++, out += 4)
        store<u32>(out, <u32>(isInside && ix >= 0 && ix < width ? row + <usize>ix * pixelBytes : zeros));
    }
  }
}

/** to = a + sign * b, `bytes` of float32 values, a multiple of 16. */
function addTwo(to: usize, a: usize, b: usize, sign: i32, bytes: usize): void {
  if (sign < 0) {
    for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, f32x4.sub(v128.load(a + at), v128.load(b + at)));
  } else {
    for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
  }
}

/** to = (a + signX * b) + signY * (c + signX * d). Factors of 1 and -1 are exact, so a fused product has the same bits. */
function addFour(to: usize, a: usize, b: usize, c: usize, d: usize, signY: i32, signX: i32, bytes: usize): void {
  if (signY < 0 && signX < 0) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const upper = f32x4.sub(v128.load(a + at), v128.load(b + at));
      const lower = f32x4.sub(v128.load(c + at), v128.load(d + at));
      v128.store(to + at, f32x4.sub(upper, lower));
    }
    return;
  }
  const factorY = f32x4.splat(<f32>signY);
  const factorX = f32x4.splat(<f32>signX);
  for (let at: usize = 0; at < bytes; at += 16) {
    const upper = multiplyAdd<f32>(factorX, v128.load(b + at), v128.load(a + at));
    const lower = multiplyAdd<f32>(factorX, v128.load(d + at), v128.load(c + at));
    v128.store(to + at, multiplyAdd<f32>(factorY, lower, upper));
  }
}

/**
 * Returns the address of some channels of the vector (vy, vx) of a tile, which is `to` unless the vector is a pixel itself.
 * @param pixels the tile's addresses, as findWinogradPixels() writes them
 * @param offset bytes from a pixel's first channel to the first of these
 * @param to     float32, `bytes` long
 * @param bytes  a multiple of 16
 */
export function makeVector(p: usize, pixels: usize, vy: i32, vx: i32, offset: usize, to: usize, bytes: usize): usize {
  const window = plan.window(p);
  const x0 = (<usize>plan.first(p, vx)) << 2;
  const x1 = plan.second(p, vx);
  const y1 = plan.second(p, vy);
  const row = pixels + ((<usize>(plan.first(p, vy) * window)) << 2);
  const a = <usize>load<u32>(row + x0) + offset;
  if (y1 < 0 && x1 < 0) return a;
  const otherRow = pixels + ((<usize>(y1 * window)) << 2);
  const otherX = (<usize>x1) << 2;
  if (y1 < 0) {
    addTwo(to, a, <usize>load<u32>(row + otherX) + offset, plan.sign(p, vx), bytes);
  } else if (x1 < 0) {
    addTwo(to, a, <usize>load<u32>(otherRow + x0) + offset, plan.sign(p, vy), bytes);
  } else {
    const b = <usize>load<u32>(row + otherX) + offset;
    const c = <usize>load<u32>(otherRow + x0) + offset;
    const d = <usize>load<u32>(otherRow + otherX) + offset;
    addFour(to, a, b, c, d, plan.sign(p, vy), plan.sign(p, vx), bytes);
  }
  return to;
}
