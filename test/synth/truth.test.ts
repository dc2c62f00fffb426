/** The true results of swaps between synthetic faces. */
import assert from "node:assert/strict";
import type { SynthFace } from "../../src/synth/face.js";
import { faceGeometry } from "../../src/synth/geometry.js";
import { loadPainter } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import { differenceRegion, swapTruth, takeAttribute } from "../../src/synth/truth.js";
import type { Affine } from "../../src/types.js";

const faces = Array.from({ length: 60 }, (_, i) => sampleFace(3, i));
const find = (holds: (face: SynthFace) => boolean): SynthFace => {
  const face = faces.find(holds);
  assert.ok(face);
  return face;
};
/** A face without any attribute except its own, upright and facing the viewer, at one pixel per face unit. */
const plain = find((f) => f.styles.male.present && f.person.light.strength < 0.5);
const bare: SynthFace = {
  ...plain,
  styles: { ...plain.styles, bangs: null, eyeglasses: null, smiling: null, mustache: null },
  pose: { width: 256, height: 256, x: 128, y: 106, scale: 1, rotation: 0, stretch: 1, shear: 0, yaw: 0 },
};
const bangs = find((f) => f.styles.bangs?.kind === "full");
const glasses = find((f) => f.styles.eyeglasses?.kind === "dark");
const smile = find((f) => f.styles.smiling?.kind === "wide");
const mustache = find((f) => f.styles.mustache?.kind === "bushy");

/** Bounds of the region in face units. */
function bounds(mask: Uint8Array): { left: number; right: number; top: number; bottom: number } {
  const xs: number[] = [];
  const ys: number[] = [];
  mask.forEach((value, i) => {
    if (value === 0) return;
    xs.push((i % 256) - 128);
    ys.push(Math.floor(i / 256) - 106);
  });
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

describe("true answers of swaps", () => {
  before(loadPainter);

  it("take the exemplar's style with its parameters and keep everything else", () => {
    const swapped = takeAttribute(bare, glasses, "Eyeglasses");
    assert.equal(swapped.styles.eyeglasses, glasses.styles.eyeglasses);
    assert.deepEqual({ ...swapped.styles, eyeglasses: null }, bare.styles);
    assert.equal(swapped.person, bare.person);
    assert.equal(swapped.pose, bare.pose);
    assert.equal(takeAttribute(bare, glasses, "Blond_Hair").styles.hairColour, glasses.styles.hairColour);
  });

  it("differ from the input where the attribute lies, and nowhere else", () => {
    const { mouth } = faceGeometry(bare);
    const cases = [
      ["Bangs", bangs, -125, -12],
      ["Eyeglasses", glasses, -36, 42],
      ["Mustache", mustache, 44, mouth[1] + 20],
    ] as const;
    for (const [attribute, exemplar, top, bottom] of cases) {
      const region = bounds(swapTruth(bare, exemplar, attribute).mask);
      assert.ok(region.top >= top && region.bottom <= bottom, `${attribute}: rows ${region.top} to ${region.bottom}`);
      assert.ok(region.left < -15 && region.right > 15, `${attribute}: columns ${region.left} to ${region.right}`);
    }
    const smiling = bounds(swapTruth(bare, smile, "Smiling").mask);
    assert.ok(smiling.top > -30 && smiling.bottom > mouth[1] + 8, "a smile moves lids, cheeks and mouth");
  });

  it("equal the input outside the mask up to the threshold", () => {
    const { input, truth, mask } = swapTruth(bare, glasses, "Eyeglasses");
    mask.forEach((value, i) => {
      if (value !== 0) return;
      for (let c = 0; c < 3; c++) assert.ok(Math.abs(input.data[i * 4 + c] - truth.data[i * 4 + c]) <= 12);
    });
  });

  it("show every attribute strongly in a 64-pixel crop", () => {
    const matrix: Affine = [0.25, 0, 0, 0, 0.25, 0];
    const least = { Bangs: 200, Eyeglasses: 200, Smiling: 60, Mustache: 50 };
    for (const [attribute, exemplar] of [
      ["Bangs", bangs],
      ["Eyeglasses", glasses],
      ["Smiling", smile],
      ["Mustache", mustache],
    ] as const) {
      const { input, truth, mask } = swapTruth(bare, exemplar, attribute, { matrix, size: 64 });
      const strong = differenceRegion(input, truth, 40, 0).reduce((sum, value) => sum + value, 0);
      assert.equal(mask.length, 64 * 64);
      assert.ok(strong >= least[attribute], `${attribute}: ${strong} pixels change by more than 40`);
    }
  });

  it("refuse pictures of different sizes", () => {
    const image = (width: number) => ({ width, height: 1, data: new Uint8Array(width * 4) });
    assert.throws(() => differenceRegion(image(2), image(3)), /image size: expected 2x1, received 3x1/);
  });
});
