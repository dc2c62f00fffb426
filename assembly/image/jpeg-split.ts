/** Splits tiles of RGBA pixels into blocks of luminance and of halved chrominance, the first stage of encoding JPEG. */

const BLOCK: usize = 256;

/** c0 R + c1 G + c2 B of four pixels. */
function weigh(r: v128, g: v128, b: v128, c0: v128, c1: v128, c2: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.mul(r, c0), f32x4.mul(g, c1)), f32x4.mul(b, c2));
}

/**
 * Splits 16 x 16 RGBA pixels into four blocks of Y - 128, one block of Cb and one of Cr, the last two averaged over 2 x
 * 2 pixels.
 * @param constants f32: three weights of Y, of Cb, and of Cr; 128; 0.25; u32 0xff. V8 would make constants of the code
 *   again wherever they are used.
 */
export function splitTile(src: usize, stride: usize, blocks: usize, constants: usize): void {
  const y0 = v128.load32_splat(constants);
  const y1 = v128.load32_splat(constants, 4);
  const y2 = v128.load32_splat(constants, 8);
  const cb0 = v128.load32_splat(constants, 12);
  const cb1 = v128.load32_splat(constants, 16);
  const cb2 = v128.load32_splat(constants, 20);
  const cr0 = v128.load32_splat(constants, 24);
  const cr1 = v128.load32_splat(constants, 28);
  const cr2 = v128.load32_splat(constants, 32);
  const centre = v128.load32_splat(constants, 36);
  const quarter = v128.load32_splat(constants, 40);
  const mask = v128.load32_splat(constants, 44);
  for (let y: usize = 0; y < 16; y += 2) {
    for (let x: usize = 0; x < 16; x += 4) {
      const from = src + y * stride + (x << 2);
      const at = blocks + (((y >> 3) << 1) | (x >> 3)) * BLOCK + ((((y & 7) << 3) + (x & 7)) << 2);
      let four = v128.load(from);
      let r = f32x4.convert_i32x4_s(v128.and(four, mask));
      let g = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(four, 8), mask));
      let b = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(four, 16), mask));
      v128.store(at, f32x4.sub(weigh(r, g, b, y0, y1, y2), centre));
      const upperCb = weigh(r, g, b, cb0, cb1, cb2);
      const upperCr = weigh(r, g, b, cr0, cr1, cr2);
      four = v128.load(from + stride);
      r = f32x4.convert_i32x4_s(v128.and(four, mask));
      g = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(four, 8), mask));
      b = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(four, 16), mask));
      v128.store(at, f32x4.sub(weigh(r, g, b, y0, y1, y2), centre), 32);
      const cb = f32x4.add(upperCb, weigh(r, g, b, cb0, cb1, cb2));
      const cr = f32x4.add(upperCr, weigh(r, g, b, cr0, cr1, cr2));
      // Sums of neighbours: Cb of two pixel pairs, then Cr of the same.
      const left = i32x4.shuffle(cb, cr, 0, 2, 4, 6);
      const right = i32x4.shuffle(cb, cr, 1, 3, 5, 7);
      const means = f32x4.mul(f32x4.add(left, right), quarter);
      const chroma = blocks + 4 * BLOCK + (((y << 2) + (x >> 1)) << 2);
      v128.store64_lane(chroma, means, 0);
      v128.store64_lane(chroma, means, 1, BLOCK);
    }
  }
}

/** Copies the tile at (x0, y0) of 16 x 16 pixels. Beyond the image, the last column and row are repeated. */
export function copyTile(src: usize, width: i32, height: i32, stride: usize, x0: i32, y0: i32, tile: usize): void {
  for (let y = 0; y < 16; y++) {
    const row = src + usize(min(y0 + y, height - 1)) * stride;
    for (let x = 0; x < 16; x++) {
      store<u32>(tile + (usize(y * 16 + x) << 2), load<u32>(row + (usize(min(x0 + x, width - 1)) << 2)));
    }
  }
}
