/** Opens and closes the webgpu device again and again while garbage is collected. Its test runs it with --expose-gc. */
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";

const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined) throw new Error("run with --expose-gc");
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

for (let round = 0; round < 6; round++) {
  const device = await openDevice("webgpu", 1);
  // With and without work in between.
  if (round % 2 === 1) await tf.mul(tf.tensor1d([1, 2]), 2).data();
  await device.close();
  for (let i = 0; i < 2; i++) {
    collect();
    await turn();
  }
}
process.stdout.write("closed\n");
