/** Positions of the parts of a face, in face units and, through the pose, in pixels of the photo. */
import type { Affine, FivePoints } from "../types.js";
import type { Pose, SynthFace } from "./face.js";
import type { Point } from "./sketch.js";

/** Positions in face units, as they are painted. */
export interface FaceGeometry {
  readonly leftEye: Point;
  readonly rightEye: Point;
  readonly noseTip: Point;
  readonly leftMouth: Point;
  readonly rightMouth: Point;
  /** Middle of the line between the lips. */
  readonly mouth: Point;
  /** Closed outline of head and jaw, clockwise from the top of the skull. */
  readonly outline: readonly Point[];
  readonly chin: Point;
  /** Half-width at the cheeks. */
  readonly width: number;
}

/** How far the corners of the mouth move outwards (as a share) and up for each smile, before its strength is applied. */
const SMILE_REACH = { closed: [0.19, 10], teeth: [0.2, 9], wide: [0.26, 10] } as const;

export function faceGeometry(face: SynthFace): FaceGeometry {
  const { person, styles, pose } = face;
  const { yaw } = pose;
  const eyeShift = 3.2 * yaw;
  const mouthShift = 4.6 * yaw;
  const smile = styles.smiling;
  let halfMouth = person.mouth.width;
  let lift = 0;
  if (smile) {
    const [wider, up] = SMILE_REACH[smile.kind];
    halfMouth *= 1 + wider * smile.strength;
    lift = up * smile.strength;
  }
  const corner = person.mouth.y - lift * 0.62;
  const chin: Point = [3.4 * yaw, person.head.chin + 4 * styles.male.jaw];
  return {
    leftEye: [-person.eyes.spacing + eyeShift, 0],
    rightEye: [person.eyes.spacing + eyeShift, 0],
    noseTip: [6.4 * yaw, person.nose.length],
    leftMouth: [mouthShift - halfMouth, corner],
    rightMouth: [mouthShift + halfMouth, corner],
    mouth: [mouthShift, person.mouth.y + Math.max(0, lift) * 0.38],
    outline: headOutline(face, chin),
    chin,
    width: person.head.width,
  };
}

function headOutline({ person, styles, pose }: SynthFace, chin: Point): Point[] {
  const { width: w, top } = person.head;
  const jaw = w * (0.72 + 0.13 * styles.male.jaw);
  const chinHalf = 15 + 11 * styles.male.jaw;
  const right: Point[] = [
    [w * 0.6, top + 8],
    [w * 0.96, -66],
    [w, -25],
    [w * 0.99, 12],
    [w * 0.93, 46],
    [jaw, 80],
    [chinHalf + (jaw - chinHalf) * 0.5, chin[1] - 15],
    [chinHalf * 0.85, chin[1] - 2.5],
  ];
  // The lower face turns more than the skull.
  const turned = ([x, y]: Point): Point => [x + pose.yaw * 3.4 * Math.max(0, (y + 20) / (chin[1] + 20)), y];
  const left = right.map(([x, y]): Point => [-x, y]).reverse();
  return [[0, top], ...right.map(turned), chin, ...left.map(turned)];
}

/** The matrix from face units to photo pixels. */
export function faceToPhoto(pose: Pose): Affine {
  const cos = Math.cos(pose.rotation) * pose.scale;
  const sin = Math.sin(pose.rotation) * pose.scale;
  const wide = Math.sqrt(pose.stretch);
  const tall = 1 / wide;
  return [cos * wide, cos * pose.shear - sin * tall, pose.x, sin * wide, sin * pose.shear + cos * tall, pose.y];
}

export function applyAffine([a, b, tx, c, d, ty]: Affine, [x, y]: Point): Point {
  return [a * x + b * y + tx, c * x + d * y + ty];
}

/**
 * Left eye, right eye, nose, left and right mouth corner in photo pixels, not rounded. Pixel (0, 0) covers the unit
 * square around (0, 0), as in CelebA's list and the published warp, so painted coordinates are 0.5 larger.
 */
export function photoLandmarks(face: SynthFace): FivePoints {
  const geometry = faceGeometry(face);
  const matrix = faceToPhoto(face.pose);
  const points = [geometry.leftEye, geometry.rightEye, geometry.noseTip, geometry.leftMouth, geometry.rightMouth];
  return points.map((point) => applyAffine(matrix, point));
}
