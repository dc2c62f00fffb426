/**
 * The parameters of a network: named specifications, and conversion of values between the layout of files and golden
 * numbers, which is PyTorch's except for DNA-GAN, and TensorFlow.js's (the device).
 */
import * as tf from "@tensorflow/tfjs-core";
import { describeMismatch, InputError } from "../errors.js";
import type { NamedTensors } from "../interop/safetensors.js";

/** A "tensorflow" filter or matrix has TensorFlow's layout in files, too, which is the device's. */
export type ParameterKind = "conv" | "transposed" | "linear" | "tensorflow" | "bias" | "alpha" | "beta";

export interface ParameterSpec {
  readonly name: string;
  /**
   * PyTorch's shape: conv [out, in, 3, 3], transposed [in, out, 3, 3], linear [scores, C * H * W], others [n]. The kind
   * "tensorflow" has TensorFlow's: conv [4, 4, in, out], transposed [4, 4, out, in], linear [H * W * C, scores].
   */
  readonly shape: readonly number[];
  readonly kind: ParameterKind;
  /** Number of inputs that reach one output; it bounds the initial bias. */
  readonly fanIn: number;
  /** Shape [C, H, W] of the image that was flattened for a linear layer. */
  readonly flattened?: readonly [number, number, number];
}

/** Parameters on the device, by name; insertion order is the order of their specifications. */
export type Parameters = ReadonlyMap<string, tf.Variable>;

/**
 * Returns the permutation between layouts as [outer, inner...] extents and the axes that TensorFlow.js needs, or null
 * if both are the same: [O, I, h, w] -> [h, w, I, O]; transposed [I, O, h, w] -> [h, w, O, I]; linear [K, C, H, W] ->
 * [H, W, C, K].
 */
function layoutOf(
  spec: ParameterSpec,
): { readonly extents: readonly number[]; readonly axes: readonly number[] } | null {
  if (spec.kind === "conv" || spec.kind === "transposed") return { extents: spec.shape, axes: [2, 3, 1, 0] };
  if (spec.kind === "linear" && spec.flattened !== undefined) {
    return { extents: [spec.shape[0], ...spec.flattened], axes: [2, 3, 1, 0] };
  }
  return null;
}

/** Returns the shape on the device. */
export function deviceShape(spec: ParameterSpec): readonly number[] {
  const layout = layoutOf(spec);
  if (layout === null) return spec.shape;
  const shape = layout.axes.map((axis) => layout.extents[axis]);
  return spec.kind === "linear" ? [shape[0] * shape[1] * shape[2], shape[3]] : shape;
}

function permute(data: Float32Array, extents: readonly number[], axes: readonly number[]): Float32Array {
  const strides = extents.map((_, i) => extents.slice(i + 1).reduce((a, b) => a * b, 1));
  const [n0, n1, n2, n3] = axes.map((axis) => extents[axis]);
  const [s0, s1, s2, s3] = axes.map((axis) => strides[axis]);
  const out = new Float32Array(data.length);
  let to = 0;
  for (let a = 0; a < n0; a++)
    for (let b = 0; b < n1; b++)
      for (let c = 0; c < n2; c++) for (let d = 0; d < n3; d++) out[to++] = data[a * s0 + b * s1 + c * s2 + d * s3];
  return out;
}

/** Converts values from the files' to TensorFlow.js's layout. It always copies, since a device may keep its input. */
export function toDeviceLayout(spec: ParameterSpec, data: Float32Array): Float32Array {
  const layout = layoutOf(spec);
  return layout === null ? data.slice() : permute(data, layout.extents, layout.axes);
}

/** Converts values from TensorFlow.js's to the files' layout. */
export function fromDeviceLayout(spec: ParameterSpec, data: Float32Array): Float32Array {
  const layout = layoutOf(spec);
  if (layout === null) return data;
  const extents = layout.axes.map((axis) => layout.extents[axis]);
  const inverse = layout.axes.map((_, i) => layout.axes.indexOf(i));
  return permute(data, extents, inverse);
}

/**
 * Pairs each parameter with its values.
 * @throws InputError if one is missing or has another shape (`source` names the file in the message)
 */
export function matchParameters(
  specs: readonly ParameterSpec[],
  tensors: NamedTensors,
  source: string,
): readonly { readonly spec: ParameterSpec; readonly data: Float32Array }[] {
  return specs.map((spec) => {
    const tensor = tensors.get(spec.name);
    if (tensor === undefined) {
      throw new InputError(describeMismatch(source, `a tensor '${spec.name}'`, "none", "Is this file of this model?"));
    }
    if (tensor.shape.join() !== spec.shape.join()) {
      const expected = `shape [${spec.shape}]`;
      const remedy = "It was made with another --size, --width or list of attributes.";
      throw new InputError(describeMismatch(`${source}: ${spec.name}`, expected, `[${tensor.shape}]`, remedy));
    }
    return { spec, data: tensor.data };
  });
}

/**
 * Puts named tensors in the files' layout on the current device.
 * @throws InputError if a parameter is missing or has another shape (`source` names the file in the message)
 */
export function uploadParameters(specs: readonly ParameterSpec[], tensors: NamedTensors, source: string): Parameters {
  const parameters = new Map<string, tf.Variable>();
  // All are matched before any is uploaded, so that a failure leaves nothing on the device.
  for (const { spec, data } of matchParameters(specs, tensors, source)) {
    const values = tf.tensor(toDeviceLayout(spec, data), [...deviceShape(spec)], "float32");
    parameters.set(spec.name, tf.variable(values, true));
    values.dispose();
  }
  return parameters;
}

/** Makes parameters that are 0. */
export function zeroParameters(specs: readonly ParameterSpec[]): Parameters {
  const zero = (spec: ParameterSpec) => tf.tidy(() => tf.variable(tf.zeros([...deviceShape(spec)]), false));
  return new Map(specs.map((spec) => [spec.name, zero(spec)]));
}

/** Reads parameters back in the files' layout. */
export async function downloadParameters(
  specs: readonly ParameterSpec[],
  parameters: Parameters,
): Promise<NamedTensors> {
  const tensors: NamedTensors = new Map();
  for (const spec of specs) {
    const values = (await parameter(parameters, spec.name).data()) as Float32Array;
    tensors.set(spec.name, { shape: spec.shape, data: fromDeviceLayout(spec, values) });
  }
  return tensors;
}

/** Returns the parameter of that name; a missing one is a bug in elegant-faces. */
export function parameter(parameters: Parameters, name: string): tf.Variable {
  const found = parameters.get(name);
  if (found === undefined) throw new Error(`parameters: no '${name}'`);
  return found;
}

/** Copies the values into new variables. */
export function copyParameters(parameters: Parameters): Parameters {
  // The values are multiplied, not cloned: a clone shares its memory, which Adam changes in place.
  const copied = [...parameters].map(([name, p]) => [name, tf.tidy(() => tf.variable(tf.mul(p, 1), false))] as const);
  return new Map(copied);
}

export function disposeParameters(parameters: Parameters): void {
  for (const variable of parameters.values()) variable.dispose();
}
