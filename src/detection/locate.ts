/**
 * Finds the faces of a photo, with five refined points each. Detectors propose boxes; two passes of the landmark network
 * refine the points and decide whether there is a face. The small detector comes first. Only where it finds nothing, it looks
 * again at the photo reduced and turned, and the large detector looks once.
 */
import { composeAffine, invertAffine, similarityFromLandmarks, transformPoint } from "../image/align.js";
import type { Pixels } from "../image/pixels.js";
import { warpReduced } from "../image/reduce.js";
import type { Affine, FivePoints, Rectangle, RgbaImage } from "../types.js";
import type { ScoredBox } from "./boxes.js";
import { fivePoints, meanPoints, type Points68, unmirror } from "./five-points.js";
import { LANDMARK_SIZE } from "./landmark-network.js";
import type { FaceNetworks } from "./networks.js";
import type { DetectedFace, SearchOptions } from "./protocol.js";
import { SSD_SIZE } from "./ssd-detector.js";
import { resizedView, smallView, turnedView, type View } from "./views.js";

/** Longer side in pixels of the photo that the small detector sees first, and of the one in which it looks for small faces. */
const TINY_SIZE = 320;
const TINY_SIZE_FOR_SMALL_FACES = 640;
/**
 * Lowest scores of boxes that are examined. The first is low, because the landmarks decide. Further views propose many more
 * boxes, so they have to be surer.
 */
const FIRST_SCORE = 0.1;
const FURTHER_SCORE = 0.3;
/**
 * Mean distance, as a share of the distance between the eyes, between the points of a crop and those of its mirror image
 * that makes a face's score 0. The faces of shared/faces/in-the-wild and celeba-landmarks reach 0.072, a score of 0.64.
 */
const DOUBT = 0.2;
/** The same for the mean distance that the points move from the first pass to the second one. On faces they hardly move. */
const MOST_MOVE = 0.4;
/** Side of the first crop, as a multiple of the longer side of the detector's box. */
const FIRST_MARGIN = 1.15;
/**
 * Compared with the aligned crop, the second one is enlarged, and its centre is lower by this share of the side. The
 * landmark network was trained on tight boxes. The values were chosen on shared/faces/celeba-landmarks, not on the
 * photos that the test counts.
 */
const SECOND_ZOOM = 1.15;
const SECOND_DROP = 0.1;
/** The points of one face in two boxes are at most this far apart, as a share of the distance between the eyes. */
const SAME_FACE = 0.5;

/** A crop of LANDMARK_SIZE around a box, as the matrix photo -> crop. */
function cropOfBox({ box }: ScoredBox, matrix: Affine): Affine {
  const scale = LANDMARK_SIZE / (Math.max(box.width, box.height) * FIRST_MARGIN);
  const [x, y] = [box.x + box.width / 2 - 0.5, box.y + box.height / 2 - 0.5];
  const middle = (LANDMARK_SIZE - 1) / 2;
  return composeAffine([scale, 0, middle - scale * x, 0, scale, middle - scale * y], matrix);
}

/** Photo -> a square of LANDMARK_SIZE in which the face is upright, from points that are nearly right. */
function cropOfPoints(points: FivePoints): Affine {
  const aligned = similarityFromLandmarks(points, LANDMARK_SIZE);
  const rest = ((1 - SECOND_ZOOM) * (LANDMARK_SIZE - 1)) / 2;
  return composeAffine([SECOND_ZOOM, 0, rest, 0, SECOND_ZOOM, rest - SECOND_DROP * LANDMARK_SIZE], aligned);
}

const MIRROR: Affine = [-1, 0, LANDMARK_SIZE - 1, 0, 1, 0];

const eyeDistance = ([[x0, y0], [x1, y1]]: FivePoints): number => Math.hypot(x1 - x0, y1 - y0);

/** Mean distance between corresponding points, as a share of the distance between the eyes of the first ones. */
function distanceOf(a: FivePoints, b: FivePoints): number {
  const sum = a.reduce((total, [x, y], i) => total + Math.hypot(x - b[i][0], y - b[i][1]), 0);
  return sum / a.length / eyeDistance(a);
}

/** 1 for a distance of 0, 0 from `most` on, also for one that is no number. */
function shareBelow(distance: number, most: number): number {
  return distance < most ? 1 - distance / most : 0;
}

interface Reading {
  /** In pixels of the photo: the mean of both views, whose errors have opposite directions. */
  readonly points: FivePoints;
  /** All points of the straight view, in pixels of the photo. */
  readonly outline: Points68;
  /** 1 if both views agree perfectly, 0 from a distance of DOUBT on. */
  readonly agreement: number;
}

/** Reads a crop and its mirror image. */
function readPoints(networks: FaceNetworks, pixels: Pixels, photo: RgbaImage, crop: Affine): Reading {
  const pictures = [crop, composeAffine(MIRROR, crop)].map((matrix) =>
    warpReduced(pixels, photo, matrix, LANDMARK_SIZE),
  );
  const [all, mirrored] = networks.landmarks(pictures);
  const [straight, other] = [fivePoints(all), unmirror(fivePoints(mirrored), LANDMARK_SIZE)];
  const inverse = invertAffine(crop);
  const toPhoto = (points: Points68): Points68 => points.map(([x, y]) => transformPoint(inverse, x, y));
  return {
    points: toPhoto(meanPoints([straight, other])),
    outline: toPhoto(all),
    agreement: shareBelow(distanceOf(straight, other), DOUBT),
  };
}

/** The smallest box around points. */
function boxAround(points: Points68): Rectangle {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Examines what a detector proposes. */
function examine(
  networks: FaceNetworks,
  pixels: Pixels,
  photo: RgbaImage,
  { matrix }: View,
  boxes: readonly ScoredBox[],
  minScore: number,
): DetectedFace[] {
  const faces: DetectedFace[] = [];
  for (const proposed of boxes) {
    const rough = readPoints(networks, pixels, photo, cropOfBox(proposed, matrix));
    if (!(eyeDistance(rough.points) > 1)) continue;
    const { points, outline, agreement } = readPoints(networks, pixels, photo, cropOfPoints(rough.points));
    const score = Math.min(agreement, shareBelow(distanceOf(points, rough.points), MOST_MOVE));
    if (score >= minScore) faces.push({ score, box: boxAround(outline), points });
  }
  return faces;
}

/** Adds faces to those that are known, the best reading of each. A face that is known stays as it is. */
function join(known: readonly DetectedFace[], more: readonly DetectedFace[]): readonly DetectedFace[] {
  const faces = [...known];
  for (const face of [...more].sort((a, b) => b.score - a.score)) {
    if (faces.every((other) => distanceOf(other.points, face.points) > SAME_FACE)) faces.push(face);
  }
  return faces;
}

const byArea = (a: DetectedFace, b: DetectedFace): number => b.box.width * b.box.height - a.box.width * a.box.height;

/** A photo of which only an eighth and parts are decoded. */
export interface PartialPhoto {
  /** In pixels of the photo. */
  readonly width: number;
  readonly height: number;
  /** The whole photo at an eighth of its size, rounded up. Pixel x shows the pixels from 8 x on. */
  readonly eighth: RgbaImage;
  /** The photo, of which only the pixels in `window` must be right; null if they cannot be decoded. */
  decode(window: Rectangle): Promise<RgbaImage | null>;
}

export interface PartlyFound {
  /** The largest first. At least one. */
  readonly faces: readonly DetectedFace[];
  /** The photo, of which only the pixels in `window` are right. */
  readonly photo: RgbaImage;
  readonly window: Rectangle;
}

const EIGHTH: Affine = [1 / 8, 0, 1 / 16 - 1 / 2, 0, 1 / 8, 1 / 16 - 1 / 2];
/** Side of the part that is decoded around a box, as a multiple of the box's longer side. It contains the aligned crop. */
const REACH = 2;
/** Largest share of a photo that is decoded in a part. Beyond it, decoding all of it is as fast. */
const MOST_OF_PHOTO = 0.5;

/** The smallest window in the photo around all boxes and what may be cropped around them. */
function windowAround(boxes: readonly ScoredBox[], { matrix }: View, { width, height }: PartialPhoto): Rectangle {
  const inverse = invertAffine(matrix);
  const scale = Math.hypot(inverse[0], inverse[3]);
  const reaches = boxes.map(({ box }) => {
    const [x, y] = transformPoint(inverse, box.x + box.width / 2 - 0.5, box.y + box.height / 2 - 0.5);
    const half = (Math.max(box.width, box.height) * scale * REACH) / 2;
    return [x - half, y - half, x + half, y + half];
  });
  const edge = (i: number, choose: (...values: number[]) => number): number => choose(...reaches.map((r) => r[i]));
  const [left, top] = [Math.max(0, Math.floor(edge(0, Math.min))), Math.max(0, Math.floor(edge(1, Math.min)))];
  const right = Math.min(width, Math.ceil(edge(2, Math.max)));
  const bottom = Math.min(height, Math.ceil(edge(3, Math.max)));
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * Finds the faces of a large photo without decoding all of it, or with its eighth as the detector's input. Returns null if that
 * does not work for this photo: it is too small, or the small detector does not find any face. Then locateFaces() looks at
 * the whole photo.
 */
export async function locateInParts(
  networks: FaceNetworks,
  pixels: Pixels,
  partial: PartialPhoto,
  { minScore, all }: SearchOptions,
): Promise<PartlyFound | null> {
  const { width, height, eighth } = partial;
  const sides = all ? [TINY_SIZE, TINY_SIZE_FOR_SMALL_FACES] : [TINY_SIZE];
  if (Math.max(eighth.width, eighth.height) < Math.max(...sides)) return null;
  const proposals = sides.map((side, i) => {
    const { image, matrix } = resizedView(pixels, eighth, side);
    const view = { image, matrix: composeAffine(matrix, EIGHTH) };
    return { view, boxes: networks.tiny(image, i === 0 ? FIRST_SCORE : FURTHER_SCORE) };
  });
  const windows = proposals.flatMap(({ view, boxes }) =>
    boxes.length > 0 ? [windowAround(boxes, view, partial)] : [],
  );
  if (windows.length === 0) return null;
  const around = windows.reduce(unionOf);
  const isSmall = around.width * around.height <= MOST_OF_PHOTO * width * height;
  const window = isSmall ? around : { x: 0, y: 0, width, height };
  const photo = await partial.decode(window);
  if (photo === null) return null;
  let faces: readonly DetectedFace[] = [];
  for (const { view, boxes } of proposals) {
    faces = join(faces, examine(networks, pixels, photo, view, boxes, minScore));
  }
  return faces.length === 0 ? null : { faces: [...faces].sort(byArea), photo, window };
}

function unionOf(a: Rectangle, b: Rectangle): Rectangle {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  const [right, bottom] = [Math.max(a.x + a.width, b.x + b.width), Math.max(a.y + a.height, b.y + b.height)];
  return { x, y, width: right - x, height: bottom - y };
}

/** Finds the faces of a photo, the largest first. */
export async function locateFaces(
  networks: FaceNetworks,
  pixels: Pixels,
  photo: RgbaImage,
  { minScore, all }: SearchOptions,
): Promise<readonly DetectedFace[]> {
  const byTiny = (view: View, least = FURTHER_SCORE): DetectedFace[] =>
    examine(networks, pixels, photo, view, networks.tiny(view.image, least), minScore);
  const small = resizedView(pixels, photo, TINY_SIZE);
  let faces = join([], byTiny(small, FIRST_SCORE));
  const isLarge = Math.max(photo.width, photo.height) > TINY_SIZE;
  if (isLarge && (all || faces.length === 0)) {
    faces = join(faces, byTiny(resizedView(pixels, photo, TINY_SIZE_FOR_SMALL_FACES)));
  }
  const searches = [
    // A face that fills the photo is larger than any that the detectors were trained on.
    async () => byTiny(smallView(pixels, small, TINY_SIZE)),
    async () => {
      const ssd = await networks.ssd();
      const view = resizedView(pixels, photo, SSD_SIZE);
      return examine(networks, pixels, photo, view, ssd(view.image, FURTHER_SCORE), minScore);
    },
    ...([1, 3, 2] as const).map((quarters) => async () => byTiny(turnedView(pixels, small, quarters))),
  ];
  for (const search of searches) {
    if (faces.length === 0) faces = join([], await search());
  }
  return [...faces].sort(byArea);
}
