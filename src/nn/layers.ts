/** What methods say of their convolutions: specifications of the parameters, initial values, and access by name. */
import type * as tf from "@tensorflow/tfjs-core";
import type { NamedTensors } from "../interop/safetensors.js";
import { Random } from "../random.js";
import { type ParameterSpec, type Parameters, parameter } from "./parameters.js";

/**
 * Describes the weight of a convolution with square filters of side k, [to, from, k, k]. A transposed one has
 * [from, to, k, k], and its fan-in counts the outputs, as in PyTorch.
 */
export function convolution(
  name: string,
  kind: "conv" | "transposed",
  from: number,
  to: number,
  k: number,
): ParameterSpec {
  const shape = kind === "conv" ? [to, from, k, k] : [from, to, k, k];
  return { name: `${name}.weight`, shape, kind, fanIn: shape[1] * k * k };
}

/** Describes the weight and the bias of a convolution. */
export function biasedConvolution(
  name: string,
  kind: "conv" | "transposed",
  from: number,
  to: number,
  k: number,
): readonly ParameterSpec[] {
  const weight = convolution(name, kind, from, to, k);
  return [weight, { name: `${name}.bias`, shape: [to], kind: "bias", fanIn: weight.fanIn }];
}

/**
 * Makes initial values in PyTorch's layout. Each parameter has its own random stream, so a new parameter changes no
 * other.
 * @param draw returns one value of a parameter
 */
export function initialValues(
  specs: readonly ParameterSpec[],
  seed: number,
  draw: (spec: ParameterSpec, random: Random) => number,
): NamedTensors {
  return new Map(
    specs.map((spec) => {
      const { name, shape } = spec;
      const random = Random.fromSeed(seed, `init/${name}`);
      const length = shape.reduce((size, extent) => size * extent, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => draw(spec, random)) }] as const;
    }),
  );
}

/** Returns a convolution's filter, [k, k, in, out], or [k, k, out, in] if it is transposed. */
export function filterOf(parameters: Parameters, layer: string): tf.Tensor4D {
  return parameter(parameters, `${layer}.weight`) as unknown as tf.Tensor4D;
}

/** Returns a layer's bias, [C]. */
export function biasOf(parameters: Parameters, layer: string): tf.Tensor1D {
  return parameter(parameters, `${layer}.bias`) as unknown as tf.Tensor1D;
}
