/** Reference implementations of assembly/nn/reflect-pad.ts and its gradient, in float64. */

/** The extents without padding. `pad` is smaller than height and width. */
export interface ReflectPadShape {
  readonly pictures: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly pad: number;
}

/** Number of values without padding. */
export function innerSize({ pictures, height, width, channels }: ReflectPadShape): number {
  return pictures * height * width * channels;
}

/** Number of values with padding. */
export function paddedSize(shape: ReflectPadShape): number {
  const { height, width, pad } = shape;
  return innerSize({ ...shape, height: height + 2 * pad, width: width + 2 * pad });
}

/** The place within 0 .. extent - 1 that a place outside reflects: -1 reflects 1, and `extent` reflects extent - 2. */
function reflected(place: number, extent: number): number {
  if (place < 0) return -place;
  return place < extent ? place : 2 * (extent - 1) - place;
}

/** Calls `each` for every value of the padded pictures, with its position and that of the value that it shows. */
function eachPair(
  { pictures, height, width, channels, pad }: ReflectPadShape,
  each: (padded: number, inner: number) => void,
): void {
  let padded = 0;
  for (let picture = 0; picture < pictures; picture++) {
    for (let y = -pad; y < height + pad; y++) {
      for (let x = -pad; x < width + pad; x++) {
        const pixel = (picture * height + reflected(y, height)) * width + reflected(x, width);
        for (let c = 0; c < channels; c++) each(padded++, pixel * channels + c);
      }
    }
  }
}

/** @param x [pictures, height, width, channels] @returns [pictures, height + 2 pad, width + 2 pad, channels] */
export function reflectPad(shape: ReflectPadShape, x: ArrayLike<number>): Float64Array {
  const y = new Float64Array(paddedSize(shape));
  eachPair(shape, (padded, inner) => {
    y[padded] = x[inner];
  });
  return y;
}

/** Adds each value of dy to the value that it shows. @returns [pictures, height, width, channels] */
export function reflectPadGradient(shape: ReflectPadShape, dy: ArrayLike<number>): Float64Array {
  const dx = new Float64Array(innerSize(shape));
  eachPair(shape, (padded, inner) => {
    dx[inner] += dy[padded];
  });
  return dx;
}
