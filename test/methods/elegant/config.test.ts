/** The configuration of ELEGANT's networks: which ones are valid, and what is refused. */
import assert from "node:assert/strict";
import {
  attributeSlice,
  createConfig,
  latentChannels,
  OFFICIAL_NETWORK,
  parseConfig,
} from "../../../src/methods/elegant/config.js";

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `Name${i}`);
const model = (width: number, count: number) => ({ ...OFFICIAL_NETWORK, size: 64, width, attributes: names(count) });

describe("a model's configuration", () => {
  it("gives every attribute at least one channel of the latent, up to as many attributes as channels", () => {
    for (const width of [4, 8, 60, 64]) {
      const channels = latentChannels(width);
      for (let count = 1; count <= channels; count++) {
        const { attributes } = createConfig(model(width, count));
        const slices = attributes.map((_, i) => attributeSlice(channels, count, i));
        assert.ok(
          slices.every(([begin, end], i) => end > begin && begin === (slices[i - 1]?.[1] ?? 0)),
          `width ${width}, ${count} attributes: ${slices.join(" ")}`,
        );
        assert.equal(slices.at(-1)?.[1], channels);
      }
    }
  });

  it("refuses more attributes than channels, from options and from files", () => {
    const refused = (message: RegExp) => ({ name: "InputError", message });
    assert.throws(
      () => createConfig(model(4, 33)),
      refused(/^--attributes: expected at most 32 names.* at width 4, received 33: name fewer, or use a width of 8/),
    );
    assert.throws(() => createConfig(model(128, 1025)), refused(/at most 1024 names.*received 1025: name fewer\./));
    assert.throws(
      () => parseConfig(model(8, 65), "a.safetensors"),
      refused(/a\.safetensors: config: .*attributes: expected at most 64 names/),
    );
  });
});
