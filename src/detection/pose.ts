/** Whether a face is seen from the front enough to be aligned. Pure. */
import type { FivePoints } from "../types.js";

/**
 * Least distances between the eyes and between the corners of the mouth, over the height from eyes to mouth: 0.83 and 0.69
 * on the mean face. Turning the head shrinks both; the landmark network, which knows few profiles, makes less of it than it
 * is. Half profiles of shared/faces/in-the-wild reach down to 0.72 and 0.49, a full one to 0.58 and 0.31.
 */
const LEAST_EYES = 0.65;
const LEAST_MOUTH = 0.4;
/** Where the nose may lie along the line from eye to eye, 0 at the left and 1 at the right eye. */
const NOSE_RANGE = [-0.15, 1.15] as const;

/**
 * Why a face cannot be aligned, or null. How far the head leans to a shoulder does not matter: alignment rotates.
 * @param photo the picture's size in pixels, whose corners of the mouth must be in it
 */
export function poseProblem(
  points: FivePoints,
  photo: { readonly width: number; readonly height: number },
): string | null {
  const [left, right, nose, leftMouth, rightMouth] = points;
  const [ex, ey] = [right[0] - left[0], right[1] - left[1]];
  const eyes = Math.hypot(ex, ey);
  const [mx, my] = [
    (leftMouth[0] + rightMouth[0] - left[0] - right[0]) / 2,
    (leftMouth[1] + rightMouth[1] - left[1] - right[1]) / 2,
  ];
  // Along the normal of the eye line, positive below.
  const height = (ex * my - ey * mx) / eyes;
  if (!(eyes > 1) || !(height > 1)) return "expected eyes above a mouth, received neither";
  const mouth = Math.hypot(rightMouth[0] - leftMouth[0], rightMouth[1] - leftMouth[1]);
  for (const [what, distance, least] of [
    ["eyes", eyes, LEAST_EYES],
    ["corners of the mouth", mouth, LEAST_MOUTH],
  ] as const) {
    if (distance >= least * height) continue;
    const ratio = `${what} ${(distance / height).toFixed(2)} of the height from eyes to mouth apart, at least ${least}`;
    return `expected a face from the front, received a profile (${ratio})`;
  }
  const along = (ex * (nose[0] - left[0]) + ey * (nose[1] - left[1])) / (eyes * eyes);
  if (along < NOSE_RANGE[0] || along > NOSE_RANGE[1]) {
    return "expected a face from the front, received a profile (the nose is not between the eyes)";
  }
  const outside = [leftMouth, rightMouth].some(
    ([x, y]) => x < 0 || y < 0 || x > photo.width - 1 || y > photo.height - 1,
  );
  return outside ? "expected a whole face, received one whose mouth is cut off by the photo's edge" : null;
}
