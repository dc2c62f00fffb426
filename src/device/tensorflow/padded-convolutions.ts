/**
 * Convolutions with any padding for the `tensorflow` device, which knows "valid" and "same" only. With a stride of 2, its "same" puts
 * the odd pixel after the image, while PyTorch's padding of 1 has one before it, too. So any other padding is written out as zeros
 * here, and the gradients of these zeros are cut away.
 */
import * as tf from "@tensorflow/tfjs-core";

const BACKEND = "tensorflow";
/** True once the kernels of this process have been replaced. */
let registered = false;

interface Sides {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

type Shape4 = [number, number, number, number];

/** Puts zeros on each side of images [N, h, w, C]. */
const padded = (x: tf.Tensor4D, { top, bottom, left, right }: Sides): tf.Tensor4D =>
  tf.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);

/** A kernel's inputs are tensors, whatever their declared type. */
const tensorOf = (inputs: tf.NamedTensorInfoMap, name: string): tf.Tensor4D => inputs[name] as unknown as tf.Tensor4D;

/** Replaces a kernel for paddings other than "valid" and "same". The body gets the stock kernel with "valid" instead. */
function replace(
  name: string,
  shapes: (params: Parameters<tf.KernelFunc>[0]) => { readonly input: Shape4; readonly filter: Shape4 },
  body: (
    params: Parameters<tf.KernelFunc>[0],
    sides: Sides,
    valid: (inputs: Record<string, tf.Tensor>, attrs?: Record<string, unknown>) => tf.Tensor4D,
  ) => tf.Tensor,
): void {
  const stock = tf.getKernel(name, BACKEND);
  tf.unregisterKernel(name, BACKEND);
  const kernelFunc: tf.KernelFunc = (params) => {
    const { attrs, backend } = params;
    const { pad, strides, dimRoundingMode } = attrs as unknown as tf.Conv2DAttrs;
    if (pad === "valid" || pad === "same") return stock.kernelFunc(params);
    const { input, filter } = shapes(params);
    const { padInfo } = tf.backend_util.computeConv2DInfo(input, filter, strides, 1, pad, dimRoundingMode);
    return tf.tidy(() =>
      body(params, padInfo, (inputs, more = {}) => {
        const valid = { ...attrs, pad: "valid", dimRoundingMode: undefined, ...more } as unknown as tf.NamedAttrMap;
        const info = stock.kernelFunc({ inputs: inputs as unknown as tf.NamedTensorInfoMap, attrs: valid, backend });
        // This backend's kernels return tensors.
        return info as unknown as tf.Tensor4D;
      }),
    );
  };
  tf.registerKernel({ ...stock, kernelFunc });
}

/** Registers the paddings that our networks use with the `tensorflow` backend, which must be loaded. */
export function registerPaddedConvolutions(): void {
  if (registered) return;
  registered = true;
  replace(
    tf.Conv2D,
    ({ inputs }) => ({ input: inputs.x?.shape as Shape4, filter: inputs.filter?.shape as Shape4 }),
    ({ inputs }, sides, valid) =>
      valid({ x: padded(tensorOf(inputs, "x"), sides), filter: tensorOf(inputs, "filter") }),
  );
  replace(
    tf.Conv2DBackpropFilter,
    ({ inputs, attrs }) => ({
      input: inputs.x?.shape as Shape4,
      filter: (attrs as unknown as tf.Conv2DBackpropFilterAttrs).filterShape,
    }),
    ({ inputs }, sides, valid) => valid({ x: padded(tensorOf(inputs, "x"), sides), dy: tensorOf(inputs, "dy") }),
  );
  replace(
    tf.Conv2DBackpropInput,
    ({ inputs, attrs }) => ({
      input: (attrs as unknown as tf.Conv2DBackpropInputAttrs).inputShape,
      filter: inputs.filter?.shape as Shape4,
    }),
    ({ inputs, attrs }, { top, bottom, left, right }, valid) => {
      const [n, height, width, channels] = (attrs as unknown as tf.Conv2DBackpropInputAttrs).inputShape;
      const inputShape: Shape4 = [n, height + top + bottom, width + left + right, channels];
      const dx = valid({ dy: tensorOf(inputs, "dy"), filter: tensorOf(inputs, "filter") }, { inputShape });
      return tf.slice(dx, [0, top, left, 0], [n, height, width, channels]);
    },
  );
}
