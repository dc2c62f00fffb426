/**
 * Averages the weights of generators with the same layers ("model soups"; Wortsman et al. 2022), where one run began with
 * another one's weights. Usage: node dist/bench/average.js OUT.safetensors MODEL=SHARE MODEL=SHARE ...; the shares add
 * up to 1, and a model is what --model takes.
 */
import { writeFileAtomic } from "../src/files.js";
import type { NamedTensors } from "../src/interop/safetensors.js";
import { exportGenerator } from "../src/models/generator-file.js";
import { readModel } from "../src/models/open.js";

const [out, ...words] = process.argv.slice(2);
const parts = await Promise.all(
  words.map(async (word) => {
    const at = word.lastIndexOf("=");
    return { found: await readModel(word.slice(0, at)), share: Number(word.slice(at + 1)) };
  }),
);
const total = parts.reduce((sum, { share }) => sum + share, 0);
if (parts.length < 2 || Math.abs(total - 1) > 1e-9) throw new Error(`average: the shares add up to ${total}, not to 1`);
const [{ found: first }] = parts;
const average: NamedTensors = new Map();
for (const { name, shape } of first.model.specs(first.model.groups[0])) {
  const data = new Float32Array(shape.reduce((size, extent) => size * extent, 1));
  for (const { found, share } of parts) {
    first.model.expectSameLayers(found.model, found.source);
    const tensor = found.tensors.get(name);
    if (tensor === undefined) throw new Error(`average: ${found.source} has no '${name}'`);
    for (let i = 0; i < data.length; i++) data[i] += share * tensor.data[i];
  }
  average.set(name, { shape, data });
}
await writeFileAtomic(out, exportGenerator(average, first.model, { dtype: "F16" }));
console.log(`${out}: ${parts.map(({ found, share }) => `${share} of ${found.source}`).join(", ")}`);
