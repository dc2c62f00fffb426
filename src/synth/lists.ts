/** Writes CelebA's three lists for a synthetic data set, in the canonical format: CRLF and runs of spaces. */
import { CELEBA_ATTRIBUTES, presentAttributes } from "./attributes.js";
import type { SynthFace } from "./face.js";
import { photoLandmarks } from "./geometry.js";

const END = "\r\n";
const LANDMARKS =
  "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y";

/** File name of a photo. The index counts from 0, the names from 000001.jpg. */
export function fileName(index: number): string {
  return `${String(index + 1).padStart(6, "0")}.jpg`;
}

export function attributeList(faces: readonly SynthFace[]): string {
  const lines = faces.map((face, i) => {
    const present = presentAttributes(face);
    return `${fileName(i)} ${CELEBA_ATTRIBUTES.map((name) => (present.has(name) ? " 1" : "-1")).join(" ")}`;
  });
  return [String(faces.length), `${CELEBA_ATTRIBUTES.join(" ")} `, ...lines, ""].join(END);
}

/** Exact landmarks, rounded to whole pixels as in CelebA. */
export function landmarkList(faces: readonly SynthFace[]): string {
  const lines = faces.map((face, i) => {
    const values = photoLandmarks(face).flat();
    return `${fileName(i)} ${values.map((v) => String(Math.round(v)).padStart(4)).join(" ")}`;
  });
  return [String(faces.length), LANDMARKS, ...lines, ""].join(END);
}

/** 0 = training, 1 = validation, 2 = test. Of every ten photos, the ninth is for validation and the tenth for test. */
export function partitionOf(index: number): 0 | 1 | 2 {
  const place = index % 10;
  return place === 8 ? 1 : place === 9 ? 2 : 0;
}

export function partitionList(count: number): string {
  return [...Array.from({ length: count }, (_, i) => `${fileName(i)} ${partitionOf(i)}`), ""].join(END);
}
