/** Paints a synthetic face as SVG, either the photo or the aligned crop. All functions are pure. */

import { composeAffine } from "../image/align.js";
import type { Affine } from "../types.js";
import type { Pose, SynthFace } from "./face.js";
import { faceGeometry, faceToPhoto } from "./geometry.js";
import { lightTint, paintBackground, paintFalloff } from "./paint-background.js";
import { paintBangs } from "./paint-bangs.js";
import { paintEyeglasses } from "./paint-eyeglasses.js";
import { paintBrows, paintEyes, paintNose } from "./paint-features.js";
import { paintBackHair, paintEarrings, paintHair } from "./paint-hair.js";
import { paintBody, paintEars, paintHead } from "./paint-head.js";
import { paintMouth, paintMustache } from "./paint-mouth.js";
import { pathData, Sketch } from "./sketch.js";

/** Draws the parts over one another, from the back. Coordinates are photo pixels, with pixel (0, 0) centred on (0, 0). */
function sketchPhoto(face: SynthFace): Sketch {
  const { person, styles, pose } = face;
  const geometry = faceGeometry(face);
  const sketch = new Sketch(lightTint(person));
  paintBackground(sketch, person, pose);
  sketch.open(faceToPhoto(pose));
  paintBackHair(sketch, face, geometry);
  paintBody(sketch, face, geometry);
  paintEars(sketch, face, geometry);
  paintHead(sketch, face, geometry);
  paintEyes(sketch, face, geometry);
  paintBrows(sketch, face, geometry);
  paintNose(sketch, face, geometry);
  paintMouth(sketch, face, geometry);
  if (styles.mustache) paintMustache(sketch, face, geometry, styles.mustache);
  paintHair(sketch, face, geometry);
  paintEarrings(sketch, face, geometry);
  if (styles.bangs) paintBangs(sketch, face, geometry, styles.bangs);
  if (styles.eyeglasses) paintEyeglasses(sketch, face, geometry, styles.eyeglasses);
  sketch.close();
  paintFalloff(sketch, person, pose);
  return sketch;
}

/** How far the black around the photo extends, as a multiple of its longer side: farther than any crop. */
const FRAME_REACH = 8;

/** Paints black around the photo, over everything that sticks out. It replaces a clip (see Sketch). */
function paintFrame(sketch: Sketch, { width, height }: Pose): void {
  const reach = FRAME_REACH * Math.max(width, height);
  const outer = pathData`M${-reach} ${-reach}L${reach} ${-reach}L${reach} ${reach}L${-reach} ${reach}Z`;
  const hole = pathData`M-0.5 -0.5L-0.5 ${height - 0.5}L${width - 0.5} ${height - 0.5}L${width - 0.5} -0.5Z`;
  sketch.path(outer + hole, { fill: "#000000" }); // given as text, so that it is not tinted
}

/** The photo as SVG of pose.width x pose.height pixels. */
export function paintFace(face: SynthFace): string {
  return sketchPhoto(face).toSvg(face.pose.width, face.pose.height, [1, 0, 0.5, 0, 1, 0.5]);
}

/**
 * The aligned crop as SVG, a square of size * samples pixels: the photo mapped by `matrix` (photo to crop pixels, pixel
 * centres at integers), black outside the photo.
 */
export function paintAligned(face: SynthFace, matrix: Affine, size: number, samples: number): string {
  const toSamples: Affine = [samples, 0, samples / 2, 0, samples, samples / 2];
  const sketch = sketchPhoto(face);
  paintFrame(sketch, face.pose);
  return sketch.toSvg(size * samples, size * samples, composeAffine(toSamples, matrix));
}
