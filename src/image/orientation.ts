/** Reads EXIF orientation and turns stored pixels and points upright. */
import type { Affine, FivePoints, RgbaImage } from "../types.js";

/**
 * The side of the upright image where the stored image's first row and first column are, by EXIF's numbers: 1 top left
 * (upright), 2 top right, 3 bottom right, 4 bottom left, and with rows and columns exchanged 5 left top, 6 right top, 7
 * right bottom, 8 left bottom.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

interface Size {
  readonly width: number;
  readonly height: number;
}

const ORIENTATION_TAG = 0x112;
const [SHORT, LONG] = [3, 4];
/** No camera writes more entries; a directory with more is damaged. */
const MAX_ENTRIES = 4096;

/** The orientation in an EXIF block (a TIFF header and its first directory); 1 if it is missing or malformed. */
export function parseExif(block: Uint8Array): Orientation {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (block.length < 14) return 1;
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory < 8 || directory + 2 > block.length) return 1;
  const entries = Math.min(MAX_ENTRIES, view.getUint16(directory, little));
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + i * 12;
    if (at + 12 > block.length) return 1;
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const type = view.getUint16(at + 2, little);
    if (view.getUint32(at + 4, little) !== 1 || (type !== SHORT && type !== LONG)) return 1;
    const value = type === SHORT ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little);
    return isOrientation(value) ? value : 1;
  }
  return 1;
}

export function isOrientation(value: number): value is Orientation {
  return Number.isInteger(value) && value >= 1 && value <= 8;
}

/** Width and height of the upright image. The function is its own inverse. */
export function uprightSize({ width, height }: Size, orientation: Orientation): Size {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

/** The matrix from stored to upright pixel centres of an image with `width` x `height` stored pixels. */
export function uprightMatrix({ width, height }: Size, orientation: Orientation): Affine {
  const [right, bottom] = [width - 1, height - 1];
  const matrices: Readonly<Record<Orientation, Affine>> = {
    1: [1, 0, 0, 0, 1, 0],
    2: [-1, 0, right, 0, 1, 0],
    3: [-1, 0, right, 0, -1, bottom],
    4: [1, 0, 0, 0, -1, bottom],
    5: [0, 1, 0, 1, 0, 0],
    6: [0, -1, bottom, 1, 0, 0],
    7: [0, -1, bottom, -1, 0, right],
    8: [0, 1, 0, -1, 0, right],
  };
  return matrices[orientation];
}

/** Maps landmarks from the stored image to the upright one. Left and right keep the meaning that they have in the list. */
export function uprightPoints(points: FivePoints, [a, b, tx, c, d, ty]: Affine): FivePoints {
  return points.map(([x, y]) => [a * x + b * y + tx, c * x + d * y + ty]);
}

/** Turns stored pixels upright. If they are upright already, the same object is returned. */
export function orientImage(image: RgbaImage, orientation: Orientation): RgbaImage {
  if (orientation === 1) return image;
  const { width, height } = uprightSize(image, orientation);
  const aligned = image.data.byteOffset % 4 === 0 ? image.data : new Uint8Array(image.data);
  const from = new Uint32Array(aligned.buffer, aligned.byteOffset, image.width * image.height);
  const to = new Uint32Array(from.length);
  const [a, b, tx, c, d, ty] = uprightMatrix(image, orientation);
  const [acrossStep, start] = [c * width + a, ty * width + tx]; // the step of x in pixels of `to`
  const downStep = d * width + b;
  for (let y = 0, at = 0; y < image.height; y++) {
    let target = start + y * downStep;
    for (let x = 0; x < image.width; x++, at++, target += acrossStep) to[target] = from[at];
  }
  return { width, height, data: new Uint8Array(to.buffer) };
}
