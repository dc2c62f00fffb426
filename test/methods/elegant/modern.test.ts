/** Updates of the preset `modern` against numbers that PyTorch computed. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { ModernCase } from "../../support/modern.js";
import {
  assertGolden,
  assertLosses,
  assertTensors,
  type Golden,
  kindOf,
  updatesOn,
} from "../../support/modern-updates.js";
import { fromRoot } from "../../support/spawn.js";

describe("updates of the preset modern", () => {
  let golden: Golden;

  before(async () => {
    golden = JSON.parse(await readFile(fromRoot("test/fixtures/modern.json"), "utf8")) as Golden;
  });

  it("are those of PyTorch's golden numbers on wasm", async () => {
    const result = await updatesOn("wasm", golden);
    assertGolden(golden, result);
    assert.equal(result.tensors.size, Object.keys(golden.tensors).length);
  });

  it("are the same with each pair computed alone, whose groups the parts cut through", async () => {
    assertGolden(golden, await updatesOn("wasm", golden, { part: 1 }));
    assertGolden(golden, await updatesOn("wasm", golden, { part: 3 }));
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
