/** Descriptors of faces: the same in any batch, and further apart for different persons than for darker images of the same. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { descriptorDistance } from "../../src/detection/descriptors.js";
import { SAME_PERSON } from "../../src/detection/recognition.js";
import { Pixels } from "../../src/image/pixels.js";
import { readSource } from "../../src/image/source.js";
import { loadModule } from "../../src/kernels/module.js";
import type { RgbaImage } from "../../src/types.js";
import { sharedPath } from "../support/shared.js";
import { painted, useDescriptors } from "../support/use-detection.js";

describe("face descriptors", () => {
  const descriptors = useDescriptors();

  it("are of pictures enlarged to 150 px, the same again and in any batch", async () => {
    const small = [painted(2, 64), painted(3, 64)];
    const pixels = new Pixels(await loadModule("image"));
    const whole = { x: 0, y: 0, width: 64, height: 64 };
    const enlarged = small.map((picture) => pixels.resize(picture, whole, 150, 150));
    const together = await descriptors().describe(small);
    assert.deepEqual(await descriptors().describe(enlarged), together);
    assert.deepEqual((await descriptors().describe([small[1]]))[0], together[1]);
    assert.deepEqual(await descriptors().describe([]), []);
  });

  it("are more than 0.6 apart in the mean for different persons, and near for a darker picture of the same", async function () {
    const folder = sharedPath("faces/celeba-hq-256/images");
    if (folder === null) return this.skip();
    const names = (await readdir(folder)).sort().slice(0, 12);
    const crop = { x: 20, y: 30, width: 216, height: 216 };
    const pixels = new Pixels(await loadModule("image"));
    const faces: RgbaImage[] = [];
    for (const name of names) faces.push(pixels.resize(await readSource({ path: join(folder, name) }), crop, 64, 64));
    const darker = faces.map((face) => ({ ...face, data: face.data.map((v, i) => (i % 4 === 3 ? v : 0.85 * v)) }));
    const [found, dark] = [await descriptors().describe(faces), await descriptors().describe(darker)];
    const others = found.flatMap((a, i) => found.slice(i + 1).map((b) => descriptorDistance(a, b)));
    const mean = others.reduce((sum, distance) => sum + distance, 0) / others.length;
    assert.ok(mean > SAME_PERSON, `mean distance ${mean.toFixed(3)}`);
    for (const [i, own] of found.entries()) {
      assert.ok(descriptorDistance(own, dark[i]) < 0.2, `${names[i]}: ${descriptorDistance(own, dark[i]).toFixed(3)}`);
    }
  });
});
