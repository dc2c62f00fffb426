/** Swap, linear and matrix on tiny models, checked against the exchange of latents that defines them. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { blend } from "../../src/editing/blend.js";
import { explain } from "../../src/editing/explain.js";
import {
  disposeFaces,
  encodeFaces,
  type Faces,
  mixLatents,
  prepareFace,
  reconstruct,
  render,
  toPictures,
} from "../../src/editing/faces.js";
import { linear } from "../../src/editing/linear.js";
import { matrixLabels, matrixOfAttributes, matrixOfReferences } from "../../src/editing/matrix.js";
import { exchangeMany, swap, swapMany } from "../../src/editing/swap.js";
import { attributeSlice, latentChannels, type ModelConfig } from "../../src/methods/elegant/config.js";
import { generate } from "../../src/methods/elegant/exchange.js";
import { decode } from "../../src/methods/elegant/networks.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import type { Generator } from "../../src/models/generator.js";
import { openGenerator } from "../../src/models/open.js";
import { changePicture } from "../../src/sheet/change.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { withFolder } from "../support/folder.js";
import { randomPictures, TINY, tinyGenerator } from "../support/model.js";

const TOLERANCE = { abs: 1e-5, rel: 0 };
/** With one view of each face: the tests compare its latents and residuals. */
const MODERN: ModelConfig = { ...TINY, ...PRESETS.modern.network, mirror: false };

function assertImages(actual: tf.Tensor, expected: tf.Tensor): void {
  assert.deepEqual(actual.shape, expected.shape);
  assertClose(actual.dataSync(), expected.dataSync(), TOLERANCE, shapeIndex(actual.shape));
}

/** Item `index` of a batch, as a batch of one. */
function item(batch: tf.Tensor4D, index: number): tf.Tensor4D {
  return tf.slice(batch, [index, 0, 0, 0], [1, -1, -1, -1]);
}

for (const [name, config] of [
  ["official", TINY],
  ["modern", MODERN],
] as const) {
  describe(`editing with a network of ${name}`, () => {
    let device: Device;
    let generator: Generator;
    let input: Faces;
    let references: readonly [Faces, Faces, Faces];
    let held: number;

    before(async () => {
      device = await openDevice("wasm", 1);
      held = tf.memory().numTensors;
      await withFolder(async (folder) => {
        const path = join(folder, "tiny.safetensors");
        await writeFile(path, tinyGenerator(9, config));
        generator = await openGenerator(path);
      });
      input = encodeFaces(generator, randomPictures(1, 1));
      const encodeOne = (seed: number): Faces => encodeFaces(generator, randomPictures(seed, 1));
      references = [encodeOne(2), encodeOne(3), encodeOne(4)];
    });

    after(async () => {
      for (const faces of [input, ...references]) disposeFaces(faces);
      generator.dispose();
      assert.equal(tf.memory().numTensors, held);
      await device.close();
    });

    /** Runs a test in a scope of its own and checks that `edit` leaves nothing but its result. */
    function keepsOnly<T extends tf.Tensor>(results: number, edit: () => T): T {
      const held = tf.memory().numTensors;
      const result = edit();
      assert.equal(tf.memory().numTensors, held + results);
      return result;
    }

    it("blends several attributes, each by its share, with the bits of a swap where all shares are 1", () => {
      tf.tidy(() => {
        const [first, second] = config.attributes.map((attribute, i) => ({ attribute, reference: references[i] }));
        const swapped = swapMany(generator, input, [first, second]);
        const known = prepareFace(generator, input);
        for (const prepared of [undefined, known]) {
          const full = keepsOnly(1, () =>
            blend(
              generator,
              input,
              [
                { ...first, share: 1 },
                { ...second, share: 1 },
              ],
              prepared,
            ),
          );
          assert.deepEqual(full.dataSync(), swapped.dataSync());
        }
        const half = blend(generator, input, [{ ...first, share: 0.5 }]);
        const [middle] = tf.split(linear(generator, input, first.reference, first.attribute, 2), 2);
        assertImages(half, middle);
        const grid = matrixOfAttributes(generator, input, [first, second], { rows: 3, columns: 3 });
        assertImages(
          blend(generator, input, [
            { ...first, share: 1 },
            { ...second, share: 0.5 },
          ]),
          item(grid, 5),
        );
        assert.deepEqual(blend(generator, input, []).dataSync(), reconstruct(generator, input).dataSync());
      });
    });

    it("explains an exchange by the slices, the mask and the change", async () => {
      const [attribute] = config.attributes;
      const [reference] = references;
      const before = tf.memory().numTensors;
      const steps = await explain(generator, input, { attribute, reference });
      assert.equal(tf.memory().numTensors, before);
      const [, side] = input.latent.shape;
      const sizes = [steps.ownSlice, steps.referenceSlice].map(({ width, height }) => [width, height]);
      assert.deepEqual(sizes, [
        [side, side],
        [side, side],
      ]);
      assert.equal(steps.mask?.width ?? null, config.mask ? config.size : null);
      // The strongest activation of both slices is white.
      const lightest = Math.max(
        ...[steps.ownSlice, steps.referenceSlice].flatMap(({ data }) => [...data].filter((_, i) => i % 4 < 3)),
      );
      assert.equal(lightest, 255);
      const swapped = swapMany(generator, input, [{ attribute, reference }]);
      assert.deepEqual([steps.after], await toPictures(swapped));
      swapped.dispose();
      assert.deepEqual(steps.change, changePicture(steps.before, steps.after));
      const own = await explain(generator, input, { attribute, reference: input });
      assert.deepEqual(own.ownSlice, own.referenceSlice);
    });

    it("leaves a face that is its own reference as its reconstruction", () => {
      tf.tidy(() => {
        const reconstruction = keepsOnly(1, () => reconstruct(generator, input));
        for (const attribute of config.attributes) {
          const { C, D } = swap(generator, input, input, attribute);
          assert.deepEqual(D.dataSync(), reconstruction.dataSync());
          assert.deepEqual(C.dataSync(), reconstruction.dataSync());
        }
      });
    });

    it("edits far more than the tolerance of these tests", () => {
      tf.tidy(() => {
        const reconstruction = reconstruct(generator, input);
        for (const attribute of config.attributes) {
          const { D } = swap(generator, input, references[0], attribute);
          const largest = tf.max(tf.abs(tf.sub(D, reconstruction))).dataSync()[0];
          assert.ok(largest > 100 * TOLERANCE.abs, `${attribute}: ${largest}`);
        }
      });
    });

    it("swaps as training does: D is the input with the reference's attribute, C the other way round", () => {
      tf.tidy(() => {
        const [reference] = references;
        for (const [index, attribute] of config.attributes.entries()) {
          const pair = tf.concat([reference.images, input.images], 0) as tf.Tensor4D; // A, B
          const { exchanged } = generate(generator.parameters, config, pair, [{ attribute: index, pairs: 1 }]);
          const [expectedC, expectedD] = [item(exchanged, 0), item(exchanged, 1)];
          const held = tf.memory().numTensors;
          const { C, D } = swap(generator, input, reference, attribute);
          assert.equal(tf.memory().numTensors, held + 2);
          assertImages(D, expectedD);
          assertImages(C, expectedC);
          assertImages(swapMany(generator, input, [{ attribute, reference }]), expectedD);
        }
      });
    });

    it("takes each attribute's slice from its own reference, and everything else from the input", () => {
      tf.tidy(() => {
        const [first, second] = references;
        const edits = [
          { attribute: "Smiling", reference: first },
          { attribute: "Bangs", reference: second },
        ];
        const edited = keepsOnly(1, () => swapMany(generator, input, edits));
        const owners = [second, input, first]; // owners of Bangs, Eyeglasses, Smiling
        const slices = owners.map(({ latent }, i) => {
          const [begin, end] = attributeSlice(latentChannels(config.width), 3, i);
          return tf.slice(latent, [0, 0, 0, begin], [-1, -1, -1, end - begin]);
        });
        assertImages(edited, render(generator, input, tf.concat(slices, 3)));
      });
    });

    it("edits a batch as it edits one, with one reference for all or one for each", () => {
      tf.tidy(() => {
        const n = 10; // more than the decoder handles at the same time
        const batch = encodeFaces(generator, randomPictures(7, n));
        const others = encodeFaces(generator, randomPictures(8, n));
        const one = swap(generator, batch, references[0], "Bangs");
        const each = swapMany(generator, batch, [{ attribute: "Bangs", reference: others }]);
        assert.deepEqual([one.D.shape, one.C.shape, each.shape], Array(3).fill([n, 64, 64, 3]));
        for (const i of [0, 7, 8, 9]) {
          const own = encodeFaces(generator, item(batch.images, i));
          const alone = swap(generator, own, references[0], "Bangs");
          assertImages(item(one.D, i), alone.D);
          assertImages(item(one.C, i), alone.C);
          const other = encodeFaces(generator, item(others.images, i));
          assertImages(item(each, i), swap(generator, own, other, "Bangs").D);
        }
      });
    });

    it("goes in equal steps to the swap, which the last one is to the bit", () => {
      tf.tidy(() => {
        const [reference] = references;
        const steps = keepsOnly(1, () => linear(generator, input, reference, "Eyeglasses", 4));
        const { D } = swap(generator, input, reference, "Eyeglasses");
        assert.deepEqual(steps.shape, [4, 64, 64, 3]);
        assert.deepEqual(item(steps, 3).dataSync(), D.dataSync());
        assert.deepEqual(linear(generator, input, reference, "Eyeglasses", 1).dataSync(), D.dataSync());

        const zD = mixLatents([input.latent, reference.latent], [[0.75, 0.25]]);
        const expected = tf.add(input.latent, tf.mul(tf.sub(reference.latent, input.latent), 0.25));
        assertImages(zD, expected);
      });
    });

    it("has the input and three references' swaps at the corners of a matrix", () => {
      tf.tidy(() => {
        const grid = { rows: 3, columns: 4 };
        const cells = keepsOnly(1, () => matrixOfReferences(generator, input, references, "Bangs", grid));
        assert.deepEqual(cells.shape, [12, 64, 64, 3]);
        assertImages(item(cells, 0), reconstruct(generator, input));
        for (const [i, cell] of [3, 8, 11].entries()) {
          assertImages(item(cells, cell), swap(generator, input, references[i], "Bangs").D);
        }
      });
    });

    it("names a matrix's corners with their reference and its share", () => {
      assert.deepEqual(matrixLabels(["Bangs"], { rows: 3, columns: 3 }), [
        ["0 %, input", "", "100 % of reference 1"],
        ["", "", ""],
        ["100 % of reference 2", "", "100 % of reference 3"],
      ]);
      assert.deepEqual(matrixLabels(["Bangs", "Smiling"], { rows: 2, columns: 2 }), [
        ["0 %, input", "100 % Bangs of reference 1"],
        ["100 % Smiling of reference 2", "100 % of both"],
      ]);
      assert.deepEqual(matrixLabels(["Bangs"], { rows: 1, columns: 2 }), [["0 %, input", "100 % of reference 1"]]);
      assert.deepEqual(matrixLabels(["Bangs"], { rows: 2, columns: 1 }), [["0 %, input"], ["100 % of reference 2"]]);
    });

    it("has two attributes apart along a matrix's edges and both at its last corner", () => {
      tf.tidy(() => {
        const edits = [
          { attribute: "Smiling", reference: references[0] },
          { attribute: "Bangs", reference: references[1] },
        ] as const;
        const cells = keepsOnly(1, () => matrixOfAttributes(generator, input, edits, { rows: 2, columns: 3 }));
        assertImages(item(cells, 0), reconstruct(generator, input));
        assertImages(item(cells, 2), swapMany(generator, input, [edits[0]]));
        assertImages(item(cells, 3), swapMany(generator, input, [edits[1]]));
        assertImages(item(cells, 5), swapMany(generator, input, edits));
        assertImages(item(cells, 1), item(linear(generator, input, references[0], "Smiling", 2), 0));
      });
    });

    it("makes matrices of one cell, row or column", () => {
      tf.tidy(() => {
        const reconstruction = reconstruct(generator, input);
        for (const [rows, columns] of [
          [1, 1],
          [1, 3],
          [3, 1],
        ]) {
          const cells = matrixOfReferences(generator, input, references, "Bangs", { rows, columns });
          assert.equal(cells.shape[0], rows * columns);
          assertImages(item(cells, 0), reconstruction);
        }
      });
    });

    it("gives one face with many latents as it gives each of them alone", () => {
      tf.tidy(() => {
        // More than the decoder handles at the same time.
        const weights = Array.from({ length: 11 }, (_, i) => [1 - i / 10, i / 10]);
        const latents = mixLatents([input.latent, references[0].latent], weights);
        const together = keepsOnly(1, () => render(generator, input, latents));
        for (const i of [0, 7, 8, 10]) {
          assert.deepEqual(item(together, i).dataSync(), render(generator, input, item(latents, i)).dataSync());
        }
      });
    });

    it("names the attributes that the model has when it is asked for another", () => {
      const wrong = (attribute: string) => () => swap(generator, input, references[0], attribute);
      const names = "expected one of Bangs, Eyeglasses, Smiling, received";
      assert.throws(wrong("eye glasses"), {
        name: "InputError",
        message: `attribute: ${names} 'eye glasses'. Did you mean Eyeglasses?`,
      });
      assert.throws(wrong("Male"), /received 'Male'\. This model was trained on those only\./);
    });
  });
}

describe("editing with differences", () => {
  let device: Device;
  let held: number;
  let generator: Generator;

  before(async () => {
    device = await openDevice("wasm", 1);
    held = tf.memory().numTensors;
    await withFolder(async (folder) => {
      const path = join(folder, "modern.safetensors");
      await writeFile(path, tinyGenerator(9, MODERN));
      generator = await openGenerator(path);
    });
  });

  after(async () => {
    generator.dispose();
    assert.equal(tf.memory().numTensors, held);
    await device.close();
  });

  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it("gives the very picture where nothing is exchanged, alone, in a batch and in a matrix's first cell", () => {
    const batch = encodeFaces(generator, randomPictures(1, 10));
    const input = encodeFaces(generator, item(batch.images, 0));
    const other = encodeFaces(generator, randomPictures(2, 1));
    assert.deepEqual(render(generator, batch, batch.latent).dataSync(), batch.images.dataSync());
    assert.deepEqual(reconstruct(generator, batch).dataSync(), batch.images.dataSync());
    assert.deepEqual(swapMany(generator, batch, []).dataSync(), batch.images.dataSync());
    const { C, D } = swap(generator, input, input, "Bangs");
    assert.deepEqual([C.dataSync(), D.dataSync()], [input.images.dataSync(), input.images.dataSync()]);
    const grid = { rows: 3, columns: 3 };
    const cells = [
      matrixOfReferences(generator, input, [other, other, other], "Bangs", grid),
      matrixOfAttributes(
        generator,
        input,
        [
          { attribute: "Bangs", reference: other },
          { attribute: "Smiling", reference: other },
        ],
        grid,
      ),
    ];
    for (const cell of cells) assert.deepEqual(item(cell, 0).dataSync(), input.images.dataSync());
  });

  it("grows from the picture to the swap without a jump", () => {
    const [input, reference] = [1, 2].map((seed) => encodeFaces(generator, randomPictures(seed, 1)));
    const steps = 64;
    const strip = linear(generator, input, reference, "Bangs", steps);
    const path = tf.concat([input.images, strip], 0) as tf.Tensor4D;
    const [before, after] = [tf.slice(path, 0, steps), tf.slice(path, 1, steps)];
    const jumps = [...tf.mean(tf.abs(tf.sub(after, before)), [1, 2, 3]).dataSync()];
    const whole = tf.mean(tf.abs(tf.sub(item(path, steps), input.images))).dataSync()[0];
    assert.ok(whole > 0.01, `a change of ${whole}`);
    // If all steps were equal, each would be 1/64 of the whole.
    assert.ok(Math.max(...jumps) < whole / 8, `a step of ${Math.max(...jumps)} of ${whole}`);
  });

  it("adds what R(z') - R(z) says: the residuals of the decoder, times their masks", () => {
    const [input, reference] = [1, 2].map((seed) => encodeFaces(generator, randomPictures(seed, 1)));
    const edits = [
      { attribute: "Bangs", reference },
      { attribute: "Smiling", reference },
    ];
    const zD = exchangeMany(generator, input, edits);
    const residual = (z: tf.Tensor4D): tf.Tensor4D => {
      const decoded = decode(generator.parameters, MODERN, z, input.latent, input.skips);
      const { mask } = decoded;
      assert.deepEqual(mask?.shape, [1, 64, 64, 1]);
      return decoded.residual;
    };
    const expected = tf.clipByValue(tf.add(input.images, tf.sub(residual(zD), residual(input.latent))), -1, 1);
    assertImages(swapMany(generator, input, edits), expected);
  });
});
