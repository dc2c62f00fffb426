/** Random cases of mirrored padding, on the current device and by the reference implementation. */
import * as tf from "@tensorflow/tfjs-core";
import { reflectPad } from "../../src/device/ops/reflect-pad.js";
import {
  innerSize,
  paddedSize,
  type ReflectPadShape,
  reflectPadGradient,
  reflectPad as twin,
} from "../../src/kernels/reference/reflect-pad.js";
import { Random } from "../../src/random.js";
import { assertClose, shapeIndex } from "./close.js";
import { randomFloats } from "./team.js";

export const SEED = 20268;

export interface Case extends ReflectPadShape {
  readonly label: string;
  readonly x: Float32Array;
  readonly dy: Float32Array;
}

/** Channels around the lane width, and paddings up to the largest that a picture has reflections for. */
export function makeCases(): readonly Case[] {
  const random = Random.fromSeed(SEED, "reflect-pad");
  const channelCounts = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 33, 64];
  return channelCounts.flatMap((channels) =>
    [1, 2, 3].map((pad) => {
      const pictures = 1 + random.below(3);
      // One case has more rows than a block.
      const large = channels === 64 && pad === 3;
      const [height, width] = large ? [41, 37] : [pad + 1 + random.below(5), pad + 1 + random.below(5)];
      const shape = { pictures, height, width, channels, pad };
      const label = `${pictures} x ${height} x ${width} x ${channels}, padding ${pad} (seed ${SEED})`;
      const [x, dy] = [innerSize(shape), paddedSize(shape)].map((size) => randomFloats(random, size));
      return { ...shape, label, x, dy };
    }),
  );
}

/** y and dx on the current device. */
export async function runOnDevice({ pictures, height, width, channels, pad, x, dy }: Case): Promise<Float32Array[]> {
  const { value, grad } = tf.tidy(() =>
    tf.valueAndGrad((input) => reflectPad(input as tf.Tensor4D, pad))(
      tf.tensor4d(x, [pictures, height, width, channels]),
      tf.tensor4d(dy, [pictures, height + 2 * pad, width + 2 * pad, channels]),
    ),
  );
  const values = await Promise.all([value, grad].map((tensor) => tensor.data()));
  tf.dispose([value, grad]);
  return values.map((each) => each.slice() as Float32Array);
}

export function assertLikeTwin(c: Case, [y, dx]: readonly Float32Array[]): void {
  const { pictures, height, width, channels, pad } = c;
  const padded = shapeIndex([pictures, height + 2 * pad, width + 2 * pad, channels]);
  assertClose(y, twin(c, c.x), { abs: 0, rel: 0 }, (i) => `y ${padded(i)} of ${c.label}`);
  // Up to nine values of up to 1, added in float32.
  const inner = shapeIndex([pictures, height, width, channels]);
  assertClose(dx, reflectPadGradient(c, c.dy), { abs: 2e-6, rel: 0 }, (i) => `dx ${inner(i)} of ${c.label}`);
}
