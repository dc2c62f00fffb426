/** Decides whether a face is seen from the front enough to be aligned. The functions are pure. */
import type { FivePoints } from "../types.js";

/**
 * Smallest distances between the eyes and between the corners of the mouth, divided by the height from eyes to mouth.
 * The mean face has 0.83 and 0.69. Turning the head reduces both, and the landmark network, which has seen few
 * profiles, underestimates the turn. Half profiles of shared/faces/in-the-wild reach down to 0.72 and 0.49, a full
 * profile to 0.58 and 0.31.
 */
const LEAST_EYES = 0.65;
const LEAST_MOUTH = 0.4;
/** Allowed positions of the nose along the line between the eyes: 0 at the left eye, 1 at the right eye. */
const NOSE_RANGE = [-0.15, 1.15] as const;

/**
 * Why a face cannot be aligned, or null. The lean of the head to a shoulder does not matter, because alignment rotates.
 * @param photo the image's size in pixels, which must contain the corners of the mouth
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
  // Along the normal of the eye line, positive below it.
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
