/** Specifications of convolutions by PyTorch's names, and initial values of parameters. */
import type { NamedTensors } from "../interop/safetensors.js";
import { Random } from "../random.js";
import type { ParameterSpec } from "./parameters.js";

/**
 * Specifies the filters of a convolution.
 * @param name the layer's; the parameter is `name.weight`
 * @param from channels of the input
 * @param to   channels of the output
 * @param k    side of the square filters
 */
export function filterSpec(
  name: string,
  kind: "conv" | "transposed",
  from: number,
  to: number,
  k: number,
): ParameterSpec {
  // A transposed convolution has [in, out, k, k], and PyTorch counts the outputs in its fan-in.
  const shape = kind === "conv" ? [to, from, k, k] : [from, to, k, k];
  return { name: `${name}.weight`, shape, kind, fanIn: shape[1] * k * k };
}

/** Specifies a convolution with a bias: `name.weight`, then `name.bias`. The arguments are those of filterSpec(). */
export function convolutionSpecs(
  name: string,
  kind: "conv" | "transposed",
  from: number,
  to: number,
  k: number,
): ParameterSpec[] {
  const filter = filterSpec(name, kind, from, to, k);
  return [filter, { name: `${name}.bias`, shape: [to], kind: "bias", fanIn: filter.fanIn }];
}

/**
 * Draws initial values in PyTorch's layout. Each parameter has its own random stream, so a new parameter changes no
 * other.
 * @param draw returns one value of a parameter
 */
export function drawParameters(
  specs: readonly ParameterSpec[],
  seed: number,
  draw: (spec: ParameterSpec, random: Random) => number,
): NamedTensors {
  return new Map(
    specs.map((spec) => {
      const { name, shape } = spec;
      const random = Random.fromSeed(seed, `init/${name}`);
      const count = shape.reduce((size, extent) => size * extent, 1);
      return [name, { shape, data: Float32Array.from({ length: count }, () => draw(spec, random)) }] as const;
    }),
  );
}
