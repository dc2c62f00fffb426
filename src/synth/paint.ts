/** Paints a synthetic face as SVG, in the photo's frame or in the aligned crop's. Pure functions of the face. */
import type { Affine } from "../types.js";
import type { Pose, SynthFace } from "./face.js";
import { composeAffine, faceGeometry, faceToPhoto } from "./geometry.js";
import { lightTint, paintBackground, paintFalloff } from "./paint-background.js";
import { paintBangs } from "./paint-bangs.js";
import { paintEyeglasses } from "./paint-eyeglasses.js";
import { paintBrows, paintEyes, paintNose } from "./paint-features.js";
import { paintBackHair, paintEarrings, paintHair } from "./paint-hair.js";
import { paintBody, paintEars, paintHead } from "./paint-head.js";
import { paintMouth, paintMustache } from "./paint-mouth.js";
import { pathData, Sketch } from "./sketch.js";

/** Parts over one another, from the back: photo pixels as coordinates, pixel (0, 0) centred on (0, 0). */
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

/** How far the black around the photo reaches, in photo sides: farther than any crop. */
const FRAME_REACH = 8;

/**
 * Black around the photo, drawn over what sticks out (see Sketch on clips).
 */
function paintFrame(sketch: Sketch, { width, height }: Pose): void {
  const reach = FRAME_REACH * Math.max(width, height);
  const outer = pathData`M${-reach} ${-reach}L${reach} ${-reach}L${reach} ${reach}L${-reach} ${reach}Z`;
  const hole = pathData`M-0.5 -0.5L-0.5 ${height - 0.5}L${width - 0.5} ${height - 0.5}L${width - 0.5} -0.5Z`;
  sketch.path(outer + hole, { fill: "#000000" }); // as text: not tinted
}

/** The photo as SVG of pose.width x pose.height pixels. */
export function paintFace(face: SynthFace): string {
  return sketchPhoto(face).toSvg(face.pose.width, face.pose.height, [1, 0, 0.5, 0, 1, 0.5]);
}

/**
 * The aligned crop as SVG of size * samples pixels square: the photo through `matrix` (photo to crop pixels, pixel
 * centres at whole numbers), black outside the photo.
 */
export function paintAligned(face: SynthFace, matrix: Affine, size: number, samples: number): string {
  const toSamples: Affine = [samples, 0, samples / 2, 0, samples, samples / 2];
  const sketch = sketchPhoto(face);
  paintFrame(sketch, face.pose);
  return sketch.toSvg(size * samples, size * samples, composeAffine(toSamples, matrix));
}
