/** Updates of the preset `modern` against numbers that PyTorch computed. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { compareTensor, type Summary } from "../../../src/golden/compare.js";
import type { ModernCase, ModernResult } from "../../support/modern.js";
import {
  assertLosses,
  assertTensors,
  type Golden,
  kindOf,
  TOLERANCES,
  updatesOn,
} from "../../support/modern-updates.js";
import { fromRoot } from "../../support/spawn.js";

describe("updates of the preset modern", () => {
  let golden: Golden;

  before(async () => {
    golden = JSON.parse(await readFile(fromRoot("test/fixtures/modern.json"), "utf8")) as Golden;
  });

  const assertGolden = ({ losses, tensors }: ModernResult): void => {
    assertLosses(losses, golden.losses.slice(0, losses.length));
    const wrong: string[] = [];
    const isWhole = losses.length === golden.updates;
    // A batch in parts has no forward trace; fewer updates move the weights less.
    const isComparable = (name: string): boolean => tensors.has(name) && (isWhole || kindOf(name) !== "moved");
    const summarized = Object.entries(golden.tensors).filter(([name]) => isComparable(name));
    for (const [name, summary] of summarized) {
      const kind = kindOf(name);
      const tolerance = TOLERANCES[kind] * (kind === "moved" ? 3 : 1);
      const values = tensors.get(name) as Float32Array;
      const { error, at } = compareTensor(name, name, summary, values, tolerance);
      if (!(error <= tolerance)) wrong.push(`${name}: ${error} of its rms at ${at}`);
    }
    assert.deepEqual(wrong, []);
    // 52 parameters, 32 of them with an average.
    const isForward = ([name]: readonly [string, Summary]): boolean => kindOf(name) === "forward";
    assert.equal(summarized.filter((entry) => !isForward(entry)).length, isWhole ? 2 * 52 + 32 : 52);
  };

  it("are those of PyTorch's golden numbers on wasm", async () => {
    const result = await updatesOn("wasm", golden);
    assertGolden(result);
    assert.equal(result.tensors.size, Object.keys(golden.tensors).length);
  });

  it("are the same with each pair computed alone, whose groups the parts cut through", async () => {
    assertGolden(await updatesOn("wasm", golden, { part: 1 }));
    assertGolden(await updatesOn("wasm", golden, { part: 3 }));
  });

  it("are the same with a cycle loss if each pair is computed alone", async () => {
    const of: ModernCase = { size: 64, width: 4, pairs: [2, 1], seed: 5, updates: 1, cycle: 5 };
    const [whole, parts] = [await updatesOn("wasm", of), await updatesOn("wasm", of, { part: 1 })];
    assertLosses(
      parts.losses,
      whole.losses.map((losses) => ({ ...losses })),
    );
    const ofGradients = ([name]: readonly [string, Float32Array]): boolean => kindOf(name) === "gradients";
    const [gradients, expected] = [parts, whole].map(({ tensors }) => new Map([...tensors].filter(ofGradients)));
    assertTensors(gradients, expected);
  });
});
