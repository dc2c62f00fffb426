/** The formula that fills golden files, against numbers computed independently. */
import assert from "node:assert/strict";
import { field, fillParameters, image, labels } from "../../src/golden/formula.js";
import { OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { parameterSpecs } from "../../src/methods/elegant/parameters.js";

describe("golden/formula", () => {
  // The expected numbers were computed independently, in Python with integers of any length.
  it("hashes names, seeds and positions", () => {
    const weight = field("Enc.main.0.0.weight", 1);
    assert.deepEqual(
      [weight(0), weight(1), weight(1_000_000)],
      [0.34969162940979004, -0.8084639310836792, 0.7115293741226196],
    );
  });

  it("makes images of coarse blocks and fine noise", () => {
    const values = image("A0", 7, 1, 16);
    assert.equal(values.length, 3 * 16 * 16);
    assert.deepEqual(
      [values[0], values[3 * 16 + 9]],
      [Math.fround(0.4231744885444641), Math.fround(0.18419049978256224)],
    );
  });

  it("sets the attribute's own label", () => {
    assert.deepEqual([...labels("A", 1, 2, 2, 3, 2)], [0, 1, 1, 1, 1, 1]);
    assert.deepEqual([...labels("A", 1, 2, 2, 3, 0)], [1, 1, 1, 1, 1, 1]);
    const b = labels("B", 1, 2, 2, 3, 1);
    assert.deepEqual([b[1], b[4]], [0, 0]);
  });

  it("scales parameters by their kind and fan", () => {
    const specs = parameterSpecs({ ...OFFICIAL_NETWORK, size: 64, width: 4, attributes: ["a"] }, ["Enc", "Dec", "D1"]);
    const tensors = fillParameters(specs, 1);
    const largest = (name: string): number => Math.max(...(tensors.get(name)?.data ?? []).map(Math.abs));
    const near = (name: string, bound: number): void => {
      assert.ok(
        largest(name) <= bound * (1 + 1e-7) && largest(name) > 0.9 * bound,
        `${name}: ${largest(name)}, ${bound}`,
      );
    };
    near("Enc.main.1.0.weight", Math.sqrt(6 / (9 * 4)));
    near("Dec.main.0.0.weight", Math.sqrt(6 / (9 * 64))); // [in, out, 3, 3]: the first is the input
    near("D1.linear.0.weight", Math.sqrt(6 / 512));
    near("Enc.main.4.0.bias", 0.05);
    for (const { name, kind } of specs) {
      if (kind === "alpha") assert.ok(Math.abs(largest(name) - 1) <= 0.5, name);
      if (kind === "beta") assert.ok(largest(name) <= 0.1, name);
    }
  });
});
