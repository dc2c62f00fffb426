/** The parts of a labeller: varied copies of images, calibration, accuracy, lists and files. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OPEN } from "../../src/dataset/lists.js";
import { encodeSafetensors } from "../../src/interop/safetensors.js";
import { accuracyByConfidence, accuracyOf, CONFIDENCES, labelFor } from "../../src/labelling/accuracy.js";
import { augment } from "../../src/labelling/augment.js";
import { calibrate, probability } from "../../src/labelling/calibration.js";
import { countLabels, formatProbabilities, toAttributes } from "../../src/labelling/label-faces.js";
import { asStored, encodeLabeller, type LabellerRecord, readLabeller } from "../../src/labelling/labeller-file.js";
import { Random } from "../../src/random.js";
import { withFolder } from "../support/folder.js";

describe("varied copies of a training image", () => {
  const side = 32;
  const copy = (levels: Uint8ClampedArray, seed: number): Float32Array => {
    const out = new Float32Array(levels.length);
    augment(levels, out, side, Random.fromSeed(seed, "augment"));
    return out;
  };

  it("depend on the seed alone, and differ from each other", () => {
    const levels = new Uint8ClampedArray(side * side * 3).map((_, i) => (i * 37) % 256);
    assert.deepEqual(copy(levels, 1), copy(levels, 1));
    assert.notDeepEqual(copy(levels, 1), copy(levels, 2));
  });

  it("have one colour if the image has one, in a range around that of the network's inputs", () => {
    for (const level of [0, 100, 255]) {
      for (let seed = 0; seed < 50; seed++) {
        const out = copy(new Uint8ClampedArray(side * side * 3).fill(level), seed);
        assert.ok(out.every((value, i) => Math.abs(value - out[i % 3]) < 1e-5));
        // The factors are at most 1.2 x 1.1, and the offset is at most 0.15.
        assert.ok(out.every((value) => Math.abs(value) <= 1.2 * 1.1 + 0.15 + 1e-5));
      }
    }
  });

  it("move a dot by little more than a tenth of the side, and mirror half of the images", () => {
    const levels = new Uint8ClampedArray(side * side * 3);
    const [x, y] = [8, 12];
    levels.fill(255, (y * side + x) * 3, (y * side + x) * 3 + 3);
    let mirrored = 0;
    for (let seed = 0; seed < 400; seed++) {
      const out = copy(levels, seed);
      const at = Math.floor(out.indexOf(Math.max(...out)) / 3);
      const [toX, toY] = [at % side, Math.floor(at / side)];
      const isMirrored = toX > side / 2;
      if (isMirrored) mirrored++;
      const distance = Math.hypot(toX - (isMirrored ? side - 1 - x : x), toY - y);
      assert.ok(distance < 0.15 * side, `${toX}, ${toY}`);
    }
    assert.ok(Math.abs(mirrored - 200) < 40, `${mirrored}`); // four standard deviations
  });
});

describe("a calibration", () => {
  it("finds the factor and the offset that made the labels, and ignores open ones", () => {
    const random = Random.fromSeed(1, "calibration");
    const truth = { factor: 0.6, offset: -0.8 };
    const answers = Array.from({ length: 20_000 }, () => 3 * random.normal());
    const labels = answers.map((answer) => Number(random.chance(probability(truth, answer))));
    const { factor, offset } = calibrate(answers, labels);
    assert.ok(Math.abs(factor - 0.6) < 0.03 && Math.abs(offset + 0.8) < 0.05, `${factor}, ${offset}`);
    const half = labels.map((label, i) => (i % 2 === 0 ? label : OPEN));
    const even = <T>(values: readonly T[]): T[] => values.filter((_, i) => i % 2 === 0);
    assert.deepEqual(calibrate(answers, half), calibrate(even(answers), even(labels)));
  });

  it("stays within bounds for few images, whatever their labels are, and changes nothing without any", () => {
    assert.deepEqual(calibrate([1, 2], [OPEN, OPEN]), { factor: 1, offset: 0 });
    for (const labels of [
      [1, 1, 1],
      [0, 0, 0],
      [0, 1, 0],
    ]) {
      const { factor, offset } = calibrate([5, -5, 0.1], labels);
      assert.ok(factor >= 0.05 && factor < 1.5 && Math.abs(offset) < 1, `${labels}: ${factor}, ${offset}`);
    }
  });
});

describe("the accuracy of a labeller", () => {
  it("is that of a count by hand, without open labels", () => {
    // Two attributes of four images.
    const labels = Int8Array.from([1, 0, 0, 0, 1, OPEN, 0, 1]);
    const probabilities = Float64Array.from([0.9, 0.3, 0.6, 0.2, 0.7, 0.9, 0.1, 0.55]);
    assert.deepEqual(accuracyOf(probabilities, labels, [1, 0]), [
      { accuracy: 3 / 4, balanced: (1 + 1 / 2) / 2, majority: 1 / 2 },
      { accuracy: 1, balanced: 1, majority: 2 / 3 },
    ]);
    const rows = accuracyByConfidence(probabilities, labels);
    assert.deepEqual(
      rows.map(({ confidence }) => confidence),
      CONFIDENCES,
    );
    assert.deepEqual(rows[0], { confidence: 0.5, open: 0, accuracy: 6 / 7 });
    // Among the seven known labels, those of 0.9, 0.2 and 0.1 are sure enough.
    assert.deepEqual(rows[4], { confidence: 0.8, open: 1 - 3 / 7, accuracy: 1 });
    assert.deepEqual(rows[6], { confidence: 0.95, open: 1, accuracy: null });
    const unknown = accuracyOf(Float64Array.of(0.3), Int8Array.of(OPEN), [0]);
    assert.deepEqual(unknown, [{ accuracy: null, balanced: null, majority: null }]);
  });

  it("counts a label as open exactly if it is less sure than the bound", () => {
    for (let p = 0; p <= 1; p += 1 / 64) {
      for (const confidence of [0.5, 0.75, 0.875, 1]) {
        const label = labelFor(p, confidence);
        assert.equal(label === OPEN, p > 1 - confidence && p < confidence, `${p} at ${confidence}`);
        if (label !== OPEN) assert.equal(label, p >= 0.5 ? 1 : 0);
      }
    }
  });
});

describe("the lists of a labeller", () => {
  const faces = {
    names: ["Bangs", "Male"],
    files: ["a.png", 'b "two", c.png'],
    probabilities: Float64Array.of(0.91, 0.2, 0.5, 0.74999),
    failures: [],
  };

  it("have a probability for each file and attribute, in CSV", () => {
    assert.equal(
      formatProbabilities(faces),
      'file,Bangs,Male\na.png,0.9100,0.2000\n"b ""two"", c.png",0.5000,0.7500\n',
    );
  });

  it("have labels that are open where the probability is not sure", () => {
    const table = toAttributes(faces, 0.75);
    assert.deepEqual([...table.values], [1, 0, OPEN, OPEN]);
    assert.deepEqual(countLabels(table), [
      { name: "Bangs", positive: 1, negative: 0, open: 1 },
      { name: "Male", positive: 0, negative: 1, open: 1 },
    ]);
  });
});

describe("the file of a labeller", () => {
  const record: LabellerRecord = {
    shape: { size: 8, layers: [{ channels: 4, stride: 2 }] },
    ...{ seed: 1, passes: 2, updates: 3, training: 4, calibration: 5, heldOut: 6 },
    attributes: [{ name: "Bangs", factor: 0.9, offset: 0.1, accuracy: 0.8, balanced: null, majority: 0.7 }],
    confidences: [{ confidence: 0.75, open: 0.2, accuracy: 0.9 }],
  };
  const tensors = new Map([["0.weight", { shape: [2, 2], data: Float32Array.of(0.1, 1e-3, -2, 123.456) }]]);

  it("is read back as it was stored, in float16", () =>
    withFolder(async (folder) => {
      const path = join(folder, "l.safetensors");
      await writeFile(path, encodeLabeller(tensors, record));
      const read = await readLabeller(path);
      assert.deepEqual(read.record, record);
      const stored = asStored(tensors).get("0.weight")?.data ?? [];
      assert.deepEqual(read.tensors.get("0.weight")?.data, stored);
      assert.ok([...stored].every((value, i) => Math.abs(value / tensors.get("0.weight")!.data[i] - 1) < 2 ** -11));
    }));

  it("is refused if it is something else, cut short, or with metadata that do not fit", () =>
    withFolder(async (folder) => {
      const path = join(folder, "l.safetensors");
      const bytes = encodeLabeller(tensors, record);
      for (const [contents, words] of [
        [encodeSafetensors(tensors, {}), /expected a labeller .*, received a safetensors file without a format/],
        [encodeSafetensors(tensors, { format: "elegant-faces generator 1" }), /received 'elegant-faces generator 1'/],
        [encodeLabeller(tensors, { ...record, attributes: [] }), /expected a labeller/],
        [bytes.subarray(0, bytes.length - 3), /l\.safetensors/],
        [Buffer.from("not safetensors at all"), /l\.safetensors/],
      ] as const) {
        await writeFile(path, contents);
        await assert.rejects(readLabeller(path), (error: Error) => {
          assert.equal(error.name, "InputError");
          assert.match(error.message, words);
          return true;
        });
      }
      await assert.rejects(readLabeller(join(folder, "none")), { name: "InputError", message: /Reading the model/ });
    }));
});
