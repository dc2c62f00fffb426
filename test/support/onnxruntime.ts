/** Runs onnxruntime-web from node_modules on one thread. */
import * as ort from "onnxruntime-web";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** A float32 tensor, row-major. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Runs a model once. @returns its outputs by name */
export async function runOnnx(
  model: Uint8Array,
  inputs: Readonly<Record<string, Values>>,
): Promise<Readonly<Record<string, Values>>> {
  const session = await ort.InferenceSession.create(model);
  try {
    const feeds = Object.entries(inputs).map(([name, { shape, data }]) => {
      return [name, new ort.Tensor("float32", data, [...shape])] as const;
    });
    const outputs = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => {
        return [name, { shape: tensor.dims, data: Float32Array.from(tensor.data as Float32Array) }];
      }),
    );
  } finally {
    await session.release();
  }
}
