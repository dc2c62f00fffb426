/**
 * Reflection padding as one differentiable operation. The `wasm` and `webgpu` devices have kernels for it and its
 * gradient; other devices compose it from stock operations, which are the reference implementation.
 *
 * TensorFlow.js has mirrorPad, but the gradient of its version 4.22 is wrong: it returns the inner part of dy and loses
 * what belongs to the reflections.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel } from "./kernel.js";

export const REFLECT_PAD = "ElegantReflectPad";
export const REFLECT_PAD_GRADIENT = "ElegantReflectPadGradient";

export interface ReflectPadAttributes {
  readonly pad: number;
}

/** Puts `pad` reflected slices before and behind an axis. */
function padAxis(x: tf.Tensor4D, axis: 1 | 2, pad: number): tf.Tensor4D {
  const reflected = (from: number): tf.Tensor4D => {
    const [begin, size] = [[0, 0, 0, 0], [...x.shape]] as [number[], number[]];
    begin[axis] = from;
    size[axis] = pad;
    return tf.reverse(tf.slice(x, begin, size), axis);
  };
  // The outermost slices are the mirrors: they are not repeated.
  return tf.concat([reflected(1), x, reflected(x.shape[axis] - 1 - pad)], axis) as tf.Tensor4D;
}

/**
 * Pads height and width by reflection, as PyTorch's ReflectionPad2d: x[-1] = x[1]. It has a first gradient only.
 *
 * @param x   [N, H, W, C]
 * @param pad rows and columns on each side, fewer than H and than W; more is a bug in elegant-faces
 * @returns [N, H + 2 pad, W + 2 pad, C]
 */
export function reflectPad(x: tf.Tensor4D, pad: number): tf.Tensor4D {
  const [, height, width] = x.shape;
  if (pad >= Math.min(height, width)) throw new Error(`reflectPad: ${height} x ${width} has no reflection of ${pad}`);
  if (hasKernel(REFLECT_PAD)) return tf.engine().runKernel(REFLECT_PAD, { x }, { pad }) as tf.Tensor4D;
  return tf.tidy(() => padAxis(padAxis(x, 1, pad), 2, pad));
}

tf.registerGradient({
  kernelName: REFLECT_PAD,
  gradFunc: (dy, _, attrs) => ({
    x: () => tf.engine().runKernel(REFLECT_PAD_GRADIENT, { dy: dy as tf.Tensor }, attrs) as tf.Tensor,
  }),
});
