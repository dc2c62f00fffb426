/** Checks a data set before training begins: are its images aligned faces of a suitable size? */
import { describeMismatch, InputError } from "../errors.js";
import { readSourceHeader } from "../image/source.js";
import type { FaceDataset } from "./dataset.js";
import { landmarksAt } from "./lists.js";

/** Largest number of headers that are read, spread over all images. This takes a fraction of a second. */
const MOST_HEADERS = 5000;
/** Share of unusable images that a training skips instead of refusing the data. */
const FEW = 0.01;
/**
 * Largest root mean square distance of the eyes from their mean positions, as a share of the image's side. Aligned data
 * sets have at most 0.02 (CelebA in the wild after alignment), unaligned photos about 0.15.
 */
const MOST_SPREAD = 0.08;
/** Smallest number of faces from which the distance is computed. */
const ENOUGH_FACES = 10;

interface Looked {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** Both eyes, as shares of width and height; null without landmarks. */
  readonly eyes: readonly number[] | null;
}

/** Reads headers of images spread over the data set. `unreadable` are images whose header we cannot read. */
function lookAt({ files, landmarks, picture }: FaceDataset): {
  readonly looked: readonly Looked[];
  readonly unreadable: readonly string[];
} {
  const rowOf = new Map(landmarks?.files.map((file, row) => [file, row]));
  const looked: Looked[] = [];
  const unreadable: string[] = [];
  const stride = Math.ceil(files.length / MOST_HEADERS);
  for (let i = 0; i < files.length; i += stride) {
    const header = readSourceHeader(picture(i));
    if (header === null) {
      unreadable.push(files[i]);
      continue;
    }
    const { width, height } = header;
    const row = rowOf.get(files[i]);
    const [left, right] = landmarks === null || row === undefined ? [] : landmarksAt(landmarks, row);
    const eyes = left && right ? [left[0] / width, left[1] / height, right[0] / width, right[1] / height] : null;
    looked.push({ file: files[i], width, height, eyes });
  }
  return { looked, unreadable };
}

/** Root mean square distance of the eyes from their mean positions, as a share of the side; 0 for too few faces. */
function spreadOfEyes(looked: readonly Looked[]): number {
  const faces = looked.flatMap(({ eyes }) => (eyes === null ? [] : [eyes]));
  if (faces.length < ENOUGH_FACES) return 0;
  let sum = 0;
  for (let k = 0; k < 4; k++) {
    const mean = faces.reduce((total, eyes) => total + eyes[k], 0) / faces.length;
    sum += faces.reduce((total, eyes) => total + (eyes[k] - mean) ** 2, 0);
  }
  return Math.sqrt(sum / 2 / faces.length);
}

function warningOf(looked: readonly Looked[], isOdd: (side: number) => boolean, words: string): string[] {
  const odd = looked.filter(({ width, height }) => isOdd(Math.max(width, height)));
  if (odd.length === 0) return [];
  const [{ file, width, height }] = odd;
  return [`${odd.length} of ${looked.length} pictures ${words} (${file}: ${width} x ${height}).`];
}

/**
 * Checks the images of a data set by their headers, up to 5,000 of them.
 * @param size side of the training images in pixels
 * @returns warnings about images that are smaller than `size` or larger than twice that
 * @throws InputError if more than 1 % of the images cannot be read, or if they are photos that were not aligned: more
 *   than 1 % are not square, or their eyes are not in the same places
 */
export function checkTrainingPictures(dataset: FaceDataset, size: number): readonly string[] {
  const { looked, unreadable } = lookAt(dataset);
  const all = looked.length + unreadable.length;
  if (unreadable.length > FEW * all) {
    const received = `${unreadable.length} of ${all} that cannot be read (${unreadable[0]})`;
    const remedy = "Run 'elegant inspect --check' to see what is wrong with each. Replace them or correct the lists.";
    throw new InputError(describeMismatch(dataset.imageDir, "pictures", received, remedy));
  }
  const expected = "square pictures of aligned faces";
  const remedy = "Run 'elegant preprocess' first: it aligns the faces and crops them.";
  const oblong = looked.filter(({ width, height }) => width !== height);
  if (oblong.length > FEW * looked.length) {
    const [{ file, width, height }] = oblong;
    const received = `${oblong.length} of ${looked.length} that are not square (${file}: ${width} x ${height})`;
    throw new InputError(describeMismatch(dataset.imageDir, expected, received, remedy));
  }
  const spread = spreadOfEyes(looked);
  if (spread > MOST_SPREAD) {
    const received = `eyes that the landmarks place ${(spread * 100).toFixed(0)} % of the side apart from their mean places`;
    throw new InputError(describeMismatch(dataset.imageDir, expected, received, remedy));
  }
  return [
    ...warningOf(looked, (side) => side < size, `are smaller than --size ${size}, and are enlarged`),
    ...warningOf(
      looked,
      (side) => side > 2 * size,
      `are more than twice as large as --size ${size}: reading them is slow. 'elegant preprocess --size' makes smaller ones`,
    ),
  ];
}
