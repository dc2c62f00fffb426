/** The landmark network, compared with face-api's own bundle, on painted faces. */
import assert from "node:assert/strict";
import { LANDMARK_SIZE } from "../../src/detection/landmark-network.js";
import { type FaceNetworks, openFaceNetworks } from "../../src/detection/networks.js";
import { Pixels, wholeOf } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import { loadPainter, renderPhoto } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import type { RgbaImage } from "../../src/types.js";
import { assertClose } from "../support/close.js";
import { runFaceApi } from "../support/face-api-cpu.js";

const FACES = [0, 1];

describe("detection/networks against face-api", () => {
  let pixels: Pixels;
  let teams: readonly FaceNetworks[];

  before(async () => {
    await loadPainter();
    pixels = new Pixels(await loadModule("image"));
    teams = await Promise.all([1, 2].map(openFaceNetworks));
  });

  after(() => Promise.all(teams.map((networks) => networks.close())));

  /** Painted photos, stretched to a square, which needs no padding. */
  const squares = (side: number): RgbaImage[] =>
    FACES.map((i) => renderPhoto(sampleFace(1, i))).map((photo) => pixels.resize(photo, wholeOf(photo), side, side));

  it("place the 68 landmarks, in any batch, within 0.001 px", async () => {
    const pictures = squares(LANDMARK_SIZE);
    const expected = await runFaceApi("landmarks", pictures);
    const [found, other] = teams.map(({ landmarks }) => landmarks(pictures));
    assert.deepEqual(other, found);
    assert.deepEqual(teams[0].landmarks([pictures[1]])[0], found[1]);
    for (const [i, points] of found.entries()) {
      // face-api counts from the image's edge, we count from the centre of the first pixel.
      assertClose(
        points.flat(),
        expected[i].flat().map((position) => position - 0.5),
        { abs: 1e-3, rel: 0 },
      );
    }
  });
});
