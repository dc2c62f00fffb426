/** ELEGANT's parameters: names, shapes, layouts and initial values, and the slices of the latent. */
import assert from "node:assert/strict";
import {
  attributeSlice,
  type ModelConfig,
  OFFICIAL_NETWORK,
  roundHalfToEven,
} from "../../../src/methods/elegant/config.js";
import {
  initialParameters,
  type Network,
  networkSpecs,
  parameterSpecs,
} from "../../../src/methods/elegant/parameters.js";
import { deviceShape, fromDeviceLayout, type ParameterSpec, toDeviceLayout } from "../../../src/nn/parameters.js";

const count = (spec: ParameterSpec): number => spec.shape.reduce((a, b) => a * b, 1);
const config = (attributes: number, size: 64 | 128 | 256 = 256, width = 64): ModelConfig => {
  return {
    ...OFFICIAL_NETWORK,
    size,
    width,
    attributes: Array.from({ length: attributes }, (_, i) => `attribute${i}`),
  };
};
const NETWORKS: readonly Network[] = ["Enc", "Dec", "D1", "D2"];

describe("model/config", () => {
  it("gives attributes the published slices of the latent", () => {
    const borders = (n: number): number[] => Array.from({ length: n }, (_, i) => attributeSlice(512, n, i)).flat();
    assert.deepEqual(borders(1), [0, 512]);
    assert.deepEqual(borders(2), [0, 256, 256, 512]);
    assert.deepEqual(borders(3), [0, 171, 171, 341, 341, 512]);
    assert.deepEqual(borders(5), [0, 102, 102, 205, 205, 307, 307, 410, 410, 512]);
  });

  it("rounds halves to the even neighbour", () => {
    assert.deepEqual([0.5, 1.5, 2.5, 3.5, 2.4, 2.6, 7].map(roundHalfToEven), [0, 2, 2, 4, 2, 3, 7]);
  });
});

describe("model/parameters", () => {
  it("has as many as the published networks", () => {
    const totals = NETWORKS.map((network) => networkSpecs(network, config(2)).reduce((sum, s) => sum + count(s), 0));
    assert.deepEqual(totals, [3_910_794, 6_269_579, 1_683_209, 1_584_905]);
  });

  it("has the published names, in PyTorch's order", () => {
    const names = NETWORKS.flatMap((network) => networkSpecs(network, config(2)).map(({ name }) => name));
    assert.deepEqual(names.slice(0, 5), [
      "Enc.main.0.0.weight",
      "Enc.main.0.0.bias",
      "Enc.main.0.1.alpha",
      "Enc.main.0.1.beta",
      "Enc.main.1.0.weight",
    ]);
    assert.ok(names.includes("Dec.main.4.0.bias") && !names.includes("Dec.main.4.1.alpha"));
    assert.deepEqual(names.slice(-2), ["D2.linear.0.weight", "D2.linear.0.bias"]);
    assert.equal(new Set(names).size, names.length);
  });

  it("moves to the device's layout and back", () => {
    for (const spec of parameterSpecs(config(3, 64, 4), NETWORKS)) {
      const data = Float32Array.from({ length: count(spec) }, (_, i) => i);
      const there = toDeviceLayout(spec, data);
      assert.equal(
        deviceShape(spec).reduce((a, b) => a * b, 1),
        data.length,
        spec.name,
      );
      assert.deepEqual(fromDeviceLayout(spec, there), data, spec.name);
    }
  });

  it("puts [out, in, y, x] at [y, x, in, out], and the linear layer's [C, H, W] at [H, W, C]", () => {
    const specs = new Map(parameterSpecs(config(1, 64, 4), NETWORKS).map((spec) => [spec.name, spec]));
    const at = (name: string, from: (spec: ParameterSpec) => number, to: (spec: ParameterSpec) => number): void => {
      const spec = specs.get(name) as ParameterSpec;
      const data = new Float32Array(count(spec));
      data[from(spec)] = 1;
      assert.equal(toDeviceLayout(spec, data)[to(spec)], 1, name);
    };
    // [8, 4, 3, 3]: out 5, in 2, y 1, x 2.
    at(
      "Enc.main.1.0.weight",
      () => ((5 * 4 + 2) * 3 + 1) * 3 + 2,
      () => ((1 * 3 + 2) * 4 + 2) * 8 + 5,
    );
    // Transposed [64, 32, 3, 3]: in 7, out 9, y 2, x 0.
    at(
      "Dec.main.0.0.weight",
      () => ((7 * 32 + 9) * 3 + 2) * 3,
      () => ((2 * 3 + 0) * 32 + 9) * 64 + 7,
    );
    // 32 channels of 4 x 4: c 3, y 1, x 2.
    at(
      "D1.linear.0.weight",
      () => (3 * 4 + 1) * 4 + 2,
      () => (1 * 4 + 2) * 32 + 3,
    );
  });

  it("starts as published", () => {
    const tensors = initialParameters(config(2, 64, 16), NETWORKS, 3);
    for (const spec of parameterSpecs(config(2, 64, 16), NETWORKS)) {
      const { data } = tensors.get(spec.name) as { data: Float32Array };
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      const deviation = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
      if (spec.kind === "alpha") assert.deepEqual([...data], [1], spec.name);
      else if (spec.kind === "beta" || spec.name.includes("linear.0.bias")) assert.deepEqual([...data], [0], spec.name);
      else if (spec.kind === "bias") {
        const bound = 1 / Math.sqrt(spec.fanIn);
        assert.ok(
          data.every((value) => Math.abs(value) <= bound),
          `${spec.name} within ${bound}`,
        );
        assert.ok(Math.max(...data.map(Math.abs)) > 0.4 * bound, `${spec.name} fills its range`);
      } else {
        // The bound is five standard errors of a sample of this size.
        const error = (5 * 0.02) / Math.sqrt(data.length);
        assert.ok(Math.abs(mean) < error, `${spec.name}: mean ${mean}`);
        assert.ok(Math.abs(deviation - 0.02) < error, `${spec.name}: deviation ${deviation}`);
      }
    }
  });

  it("counts the fan of a bias as PyTorch does: inputs times taps, outputs times taps where transposed", () => {
    const fans = new Map(parameterSpecs(config(2), NETWORKS).map(({ name, fanIn }) => [name, fanIn]));
    const names = ["Enc.main.0.0.bias", "Enc.main.4.0.bias", "Dec.main.0.0.bias", "Dec.main.4.0.bias"];
    assert.deepEqual(
      names.map((name) => fans.get(name)),
      [27, 4608, 4608, 27],
    );
  });
});
