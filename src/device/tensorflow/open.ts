/** Opens the `tensorflow` device. */
import * as tf from "@tensorflow/tfjs-core";
import { InputError } from "../../errors.js";
import type { Choice, Device } from "../device.js";
import { registerPaddedConvolutions } from "./padded-convolutions.js";

// For its side effects: gradients of the stock operations, and a backend for work after this device is closed.
import "../cpu/stock.js";

/**
 * @param name the package to load
 * @throws InputError if it does not load: it may have been made for other drivers or libraries than this machine has
 */
export async function openTensorflow(name: string, choice: Choice): Promise<Device> {
  try {
    await import(name);
  } catch (cause) {
    throw new InputError(
      `device tensorflow: ${name} is installed but does not load (${String(cause)}). Reinstall it, or use --device wasm.`,
      { cause },
    );
  }
  await tf.setBackend("tensorflow");
  registerPaddedConvolutions();
  const { isUsingGpuDevice } = tf.backend() as unknown as { readonly isUsingGpuDevice?: boolean };
  const description = `tensorflow: ${name}`;
  return {
    name: "tensorflow",
    kind: isUsingGpuDevice === true ? "gpu" : "cpu",
    description,
    hardware: description,
    choice,
    threads: 0,
    isBatchInvariant: false,
    limits: { tensorBytes: Number.POSITIVE_INFINITY, heap: null },
    freeze: () => {},
    close: async () => {},
  };
}
