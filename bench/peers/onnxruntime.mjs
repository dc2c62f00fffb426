/**
 * A swap on onnxruntime-web (WASM) from our ONNX export, in a process of its own: prints milliseconds as JSON.
 * Usage: node onnxruntime.mjs MODEL SIZE ATTRIBUTES THREADS ROUNDS
 */
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-web";

const [model, ...counts] = process.argv.slice(2);
const [size, attributes, threads, rounds] = counts.map(Number);

ort.env.wasm.numThreads = threads;
ort.env.logLevel = "error";
const session = await ort.InferenceSession.create(await readFile(model));
const picture = () => {
  const data = Float32Array.from({ length: 3 * size * size }, () => 2 * Math.random() - 1);
  return new ort.Tensor("float32", data, [1, 3, size, size]);
};
const mask = new ort.Tensor(
  "float32",
  Float32Array.from({ length: attributes }, (_, i) => +(i === 0)),
  [1, attributes],
);
const feeds = { input: picture(), reference: picture(), mask };
const times = [];
for (let round = -2; round < rounds; round++) {
  const start = performance.now();
  await session.run(feeds);
  if (round >= 0) times.push(performance.now() - start);
}
process.stdout.write(JSON.stringify({ swap: times }));
// Its threads would keep the process alive.
process.exit(0);
