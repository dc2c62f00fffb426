/**
 * Aligns a face by landmarks: finds the least-squares similarity that maps them to a mean face. This is pure
 * arithmetic. Matrices map pixel centres (integers) of the photo to pixel centres of the crop.
 */
import { InputError } from "../errors.js";
import type { Affine, FivePoints } from "../types.js";

/** Side in pixels of the crop that MEAN_FACE refers to. */
const REFERENCE_SIZE = 256;

/**
 * The five mean landmarks in pixels of a 256x256 crop: eyes 70 px apart, the left one at 256 / 2.42 from the top.
 * Recovered from the matrices of the published alignment (golden/align.json): for known photo landmarks the similarity
 * is linear in these ten numbers, so six cases determine them by linear least squares (largest residual 4e-13).
 */
export const MEAN_FACE: FivePoints = [
  [92.752766894502, 105.785123966941],
  [162.7527668945, 105.622779670931],
  [127.635656476105, 153.073659321148],
  [98.738410501331, 190.742433532941],
  [157.019361111905, 190.193727951453],
];

/**
 * The similarity that maps `from` to `to` with the smallest sum of squared distances; null if all points of `from` are
 * equal.
 */
function fitSimilarity(from: FivePoints, to: FivePoints): Affine | null {
  const n = from.length;
  let [fromX, fromY, toX, toY] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    fromX += from[i][0] / n;
    fromY += from[i][1] / n;
    toX += to[i][0] / n;
    toY += to[i][1] / n;
  }
  // As complex numbers: to - mean = (a + ib) (from - mean), a + ib = sum(conj(from) to) / sum(|from|^2).
  let [real, imaginary, spread] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [from[i][0] - fromX, from[i][1] - fromY];
    const [u, v] = [to[i][0] - toX, to[i][1] - toY];
    real += x * u + y * v;
    imaginary += x * v - y * u;
    spread += x * x + y * y;
  }
  const [a, b] = [real / spread, imaginary / spread];
  if (!(spread > 0) || !(a * a + b * b > 0)) return null;
  return [a, -b, toX - a * fromX + b * fromY, b, a, toY - b * fromX - a * fromY];
}

function scaledMeanFace(size: number): FivePoints {
  const scale = size / REFERENCE_SIZE;
  return MEAN_FACE.map(([x, y]) => [x * scale, y * scale]);
}

function checkedFit(points: FivePoints, target: FivePoints): Affine {
  const finite = points.every(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const matrix = finite && points.length === target.length ? fitSimilarity(points, target) : null;
  if (matrix === null) {
    throw new InputError(
      `Landmarks: expected ${target.length} distinct points, received ${JSON.stringify(points)}. Correct the list.`,
    );
  }
  return matrix;
}

/**
 * Photo -> crop of `size` pixels from five landmarks, as in the published alignment. @throws InputError if all points
 * are equal
 */
export function similarityFromLandmarks(points: FivePoints, size: number): Affine {
  return checkedFit(points, scaledMeanFace(size));
}

/**
 * Photo -> crop of `size` pixels from the two eyes alone (left, right). They are mapped exactly to the mean eyes.
 * @throws InputError if both are equal
 */
export function similarityFromEyes(eyes: FivePoints, size: number): Affine {
  return checkedFit(eyes, scaledMeanFace(size).slice(0, 2));
}

/** The inverse matrix: crop -> photo for a photo -> crop matrix. @throws InputError if it does not exist */
export function invertAffine([a, b, tx, c, d, ty]: Affine): Affine {
  const determinant = a * d - b * c;
  if (!Number.isFinite(1 / determinant)) {
    throw new InputError(
      `Matrix: expected an invertible one, received determinant ${determinant}. Check the landmarks.`,
    );
  }
  const [ia, ib, ic, id] = [d / determinant, -b / determinant, -c / determinant, a / determinant];
  return [ia, ib, -(ia * tx + ib * ty), ic, id, -(ic * tx + id * ty)];
}

/** The point of the crop that shows a point of the photo. */
export function transformPoint([a, b, tx, c, d, ty]: Affine, x: number, y: number): readonly [x: number, y: number] {
  return [a * x + b * y + tx, c * x + d * y + ty];
}

/** Photo -> crop for cutting out a square and resizing it. Pixels are areas here, so centres are at half a pixel. */
export function matrixOfCrop(x: number, y: number, side: number, size: number): Affine {
  const scale = size / side;
  return [scale, 0, (0.5 - x) * scale - 0.5, 0, scale, (0.5 - y) * scale - 0.5];
}

/** The matrix that applies `first` and then `second`. */
export function composeAffine(second: Affine, first: Affine): Affine {
  const [a, b, tx, c, d, ty] = second;
  const [e, f, ux, g, h, uy] = first;
  return [a * e + b * g, a * f + b * h, a * ux + b * uy + tx, c * e + d * g, c * f + d * h, c * ux + d * uy + ty];
}
