/** DNA-GAN's parameters: the published numbers of them, and their initial values. */
import assert from "node:assert/strict";
import { configSchema } from "../../../src/methods/dnagan/config.js";
import { discriminatorSpecs, generatorSpecs, initialParameters } from "../../../src/methods/dnagan/parameters.js";
import { parseFields } from "../../../src/methods/parse.js";
import { assertClose } from "../../support/close.js";

const TWO = { method: "dnagan", size: 64, width: 128, attributes: ["Bangs", "Smiling"] };

describe("DNA-GAN's parameters", () => {
  it("are as many as in the published networks for two attributes", () => {
    const config = parseFields(configSchema, TWO, "test");
    const specs = [...generatorSpecs(config), ...discriminatorSpecs(config)];
    const countOf = (network: string): number =>
      specs
        .filter(({ name }) => name.startsWith(`${network}/`))
        .reduce((sum, { shape }) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
    assert.deepEqual(["encoder", "decoder", "D"].map(countOf), [2_629_120, 6_305_283, 6_844_930]);
  });

  it("begin with weights N(0, 0.02), factors of 1, and offsets and biases of 0", () => {
    const config = parseFields(configSchema, { ...TWO, width: 16 }, "test");
    const specs = [...generatorSpecs(config), ...discriminatorSpecs(config)];
    for (const [name, { data }] of initialParameters(specs, 1)) {
      if (!name.endsWith("/W")) {
        assert.ok(
          data.every((value) => value === (name.endsWith("gamma") ? 1 : 0)),
          name,
        );
        continue;
      }
      const rms = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
      // The smallest layer has 768 values, of which the deviation is known to 1 / sqrt(2 * 768) of itself.
      assertClose([rms], [0.02], { abs: 0, rel: 0.1 }, () => name);
    }
  });
});
