/**
 * Finds the faces of a photo, with five refined points each: first boxes, then landmarks on upright crops of the right
 * size.
 */
import { composeAffine, invertAffine, similarityFromLandmarks, transformPoint } from "../image/align.js";
import { type Pixels, wholeOf } from "../image/pixels.js";
import { warpReduced } from "../image/reduce.js";
import type { Affine, FivePoints, Rectangle, RgbaImage } from "../types.js";
import { fivePoints, meanPoints, unmirror } from "./five-points.js";
import { DETECTOR_SIZE, type FaceNetworks, LANDMARK_SIZE, type ScoredBox } from "./networks.js";
import type { DetectedFace } from "./protocol.js";

/** The photo upright, turned by a quarter in both directions, and upside down. The detector finds only upright faces. */
const TURNS = [0, 1, 3, 2] as const;
/** Side of the first crop, as a multiple of the longer side of the detector's box. */
const FIRST_MARGIN = 1.15;
/**
 * Compared with the aligned crop, the second one is enlarged, and its centre is lower by this share of the side. The
 * landmark network was trained on tight boxes. The values were chosen on shared/faces/celeba-landmarks, not on the
 * photos that the test counts.
 */
const SECOND_ZOOM = 1.15;
const SECOND_DROP = 0.1;

/** The matrix that turns an image of `width` x `height` by `turn` quarters clockwise. */
function turnMatrix(turn: number, width: number, height: number): Affine {
  const [cos, sin] = [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ][turn];
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  const [u, v] = turn % 2 === 0 ? [x, y] : [y, x];
  return [cos, -sin, u - cos * x + sin * y, sin, cos, v - sin * x - cos * y];
}

interface Found extends ScoredBox {
  /** Photo -> the upright image that contains the box. */
  readonly matrix: Affine;
}

async function findBoxes(networks: FaceNetworks, pixels: Pixels, photo: RgbaImage, minScore: number): Promise<Found[]> {
  const scale = Math.min(1, DETECTOR_SIZE / Math.max(photo.width, photo.height));
  const [width, height] = [photo.width, photo.height].map((side) => Math.max(1, Math.round(side * scale)));
  const small = scale < 1 ? pixels.resize(photo, wholeOf(photo), width, height) : photo;
  const [across, down] = [width / photo.width, height / photo.height];
  const shrink: Affine = [across, 0, across / 2 - 0.5, 0, down, down / 2 - 0.5];
  for (const turn of TURNS) {
    const matrix = turnMatrix(turn, width, height);
    const turned =
      turn === 0 ? small : pixels.warp(small, matrix, turn % 2 === 0 ? width : height, turn % 2 === 0 ? height : width);
    const boxes = await networks.detect(turned, minScore);
    if (boxes.length > 0) return boxes.map((box) => ({ ...box, matrix: composeAffine(matrix, shrink) }));
  }
  // A face that fills the photo is larger than any the detector was trained on. Try again at half size on a black
  // background.
  const zoom: Affine = [0.5, 0, DETECTOR_SIZE / 4, 0, 0.5, DETECTOR_SIZE / 4];
  const boxes = await networks.detect(pixels.warp(small, zoom, DETECTOR_SIZE), minScore);
  return boxes.map((box) => ({ ...box, matrix: composeAffine(zoom, shrink) }));
}

/** Photo -> a square of LANDMARK_SIZE around a box. */
function cropOfBox({ box, matrix }: Found): Affine {
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

/**
 * Five points of the photo: the mean of the crop's points and those of its mirror image, whose errors are in the
 * opposite direction.
 */
async function pointsIn(networks: FaceNetworks, pixels: Pixels, photo: RgbaImage, crop: Affine): Promise<FivePoints> {
  const pictures = [crop, composeAffine(MIRROR, crop)].map((matrix) =>
    warpReduced(pixels, photo, matrix, LANDMARK_SIZE),
  );
  const [straight, mirrored] = (await networks.landmarks(pictures)).map(fivePoints);
  const inverse = invertAffine(crop);
  return meanPoints([straight, unmirror(mirrored, LANDMARK_SIZE)]).map(([x, y]) => transformPoint(inverse, x, y));
}

/** The box in pixels of the photo. Turns by quarters keep it a box. */
function boxInPhoto({ box: { x, y, width, height }, matrix }: Found): Rectangle {
  const inverse = invertAffine(matrix);
  const [[x0, y0], [x1, y1]] = [
    transformPoint(inverse, x - 0.5, y - 0.5),
    transformPoint(inverse, x + width - 0.5, y + height - 0.5),
  ];
  return { x: Math.min(x0, x1) + 0.5, y: Math.min(y0, y1) + 0.5, width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) };
}

/** Finds all faces of a photo, the largest first. @param minScore lowest detector score that counts as a face, 0 to 1 */
export async function locateFaces(
  networks: FaceNetworks,
  pixels: Pixels,
  photo: RgbaImage,
  minScore: number,
): Promise<DetectedFace[]> {
  const faces: DetectedFace[] = [];
  for (const found of await findBoxes(networks, pixels, photo, minScore)) {
    const rough = await pointsIn(networks, pixels, photo, cropOfBox(found));
    const points = await pointsIn(networks, pixels, photo, cropOfPoints(rough));
    faces.push({ score: found.score, box: boxInPhoto(found), points });
  }
  return faces.sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height);
}
