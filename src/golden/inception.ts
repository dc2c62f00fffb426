/** Checks Inception features against those of pytorch-fid's network with weights filled by the formula (inception-s*.json). */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { toInceptionInput } from "../image/inception-input.js";
import type { NamedTensors } from "../interop/safetensors.js";
import {
  createInception,
  INCEPTION_DIMS,
  INCEPTION_SIZE,
  inceptionFeatures,
  inceptionTensors,
} from "../metrics/inception.js";
import { compareTensor, type Quantity, summarySchema } from "./compare.js";
import { filled, photo } from "./formula.js";

export const inceptionSchema = z.object({
  seed: z.number().int().nonnegative(),
  cases: z.array(
    z.object({
      image: z.string(),
      height: z.number().int().positive(),
      width: z.number().int().positive(),
      batch: z.number().int().positive(),
      features: z
        .partialRecord(z.enum(["64", "192", "768", "2048"]), summarySchema)
        .refine((features) => Object.keys(features).length > 0, "no features"),
    }),
  ),
});
export type InceptionGolden = z.infer<typeof inceptionSchema>;

/** Relative to the features' rms. The last features are sums over 94 layers in float32. */
const TOLERANCE = 1e-4;
const LAST_TOLERANCE = 1e-3;

function fillInception(seed: number): NamedTensors {
  return new Map(
    inceptionTensors(2048).map(({ name, shape }) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      if (name.endsWith("conv.weight")) {
        const fan = shape[1] * shape[2] * shape[3];
        return [name, { shape, data: filled(name, seed, count, Math.fround(Math.sqrt(6 / fan))) }];
      }
      if (name.endsWith("bn.weight")) return [name, { shape, data: filled(name, seed, count, 0.2, 1) }];
      if (name.endsWith("running_var")) return [name, { shape, data: filled(name, seed, count, 0.5, 1) }];
      return [name, { shape, data: filled(name, seed, count, 0.1) }];
    }),
  );
}

/** Runs on the current device. */
export async function checkInception({ seed, cases }: InceptionGolden): Promise<Quantity[]> {
  const tensors = fillInception(seed);
  const quantities: Quantity[] = [];
  for (const dims of INCEPTION_DIMS) {
    const network = createInception(tensors, dims, "formula");
    for (const { image, height, width, batch, features } of cases) {
      const golden = features[dims];
      if (golden === undefined) continue;
      const length = INCEPTION_SIZE * INCEPTION_SIZE * 3;
      const inputs = new Float32Array(batch * length);
      for (let i = 0; i < batch; i++) {
        const picture = photo(`${image}${i}`, seed, height, width);
        toInceptionInput(picture, INCEPTION_SIZE, "pytorch", inputs.subarray(i * length, (i + 1) * length));
      }
      const received = tf.tidy(() => {
        return inceptionFeatures(network, tf.tensor4d(inputs, [batch, INCEPTION_SIZE, INCEPTION_SIZE, 3]));
      });
      const values = (await received.data()) as Float32Array;
      received.dispose();
      const tolerance = dims === 2048 ? LAST_TOLERANCE : TOLERANCE;
      quantities.push(compareTensor(`features ${dims}`, `features ${dims} of ${image}`, golden, values, tolerance));
    }
    network.dispose();
  }
  return quantities;
}
