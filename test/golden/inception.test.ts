/** The check of Inception features, against numbers computed with PyTorch. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDevice } from "../../src/device/open.js";
import { passes } from "../../src/golden/compare.js";
import { checkInception, inceptionSchema } from "../../src/golden/inception.js";
import { openGolden } from "../../src/golden/verify.js";
import { withFolder } from "../support/folder.js";

/** Summary of 64 features of an image of 31 x 700, by our own network in PyTorch 1.13 in float64. */
const NARROW = {
  seed: 4000000001,
  cases: [
    {
      image: "own700x31-",
      height: 700,
      width: 31,
      batch: 1,
      features: {
        "64": {
          shape: [1, 64],
          mean: 0.26305303584253026,
          rms: 0.3494911866636471,
          min: 1.7631965658992444e-5,
          max: 0.8744505697226874,
          at: [
            [0, 0.764503261278305],
            [21, 0.057423520568853095],
            [26, 0.00035285949752099995],
            [33, 0.25081363387247885],
            [0, 0.764503261278305],
            [18, 0.0003802438592579264],
            [16, 0.325239941395864],
            [53, 0.4998144266185518],
            [1, 0.16462007220189567],
            [13, 0.30180606230658946],
            [46, 0.2432819336805525],
            [29, 0.06503364261002662],
          ],
        },
      },
    },
  ],
};

describe("golden/inception", () => {
  it("checks any seed, size and choice of dims, and fails for another seed", async () => {
    const device = await openDevice("wasm", 2);
    try {
      const right = await checkInception(inceptionSchema.parse(NARROW));
      assert.deepEqual(
        right.map(({ group }) => group),
        ["features 64"],
      );
      assert.ok(right.every(passes), JSON.stringify(right));
      const wrong = await checkInception(inceptionSchema.parse({ ...NARROW, seed: 1 }));
      assert.ok(!wrong.some(passes), JSON.stringify(wrong));
    } finally {
      await device.close();
    }
  });

  it("refuses files with unknown dims or without features", () =>
    withFolder(async (folder) => {
      const file = join(folder, "g.json");
      const [first] = NARROW.cases;
      for (const [features, message] of [
        [
          { "100": first.features["64"] },
          /g\.json: expected golden numbers of Inception features, received cases\.0\.features: .*100/,
        ],
        [{}, /received cases\.0\.features: no features/],
      ] as const) {
        await writeFile(file, JSON.stringify({ seed: 1, cases: [{ ...first, features }] }));
        await assert.rejects(openGolden(file), message);
      }
    }));
});
