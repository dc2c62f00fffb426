/** Opens the `webgpu` device: an adapter under TensorFlow.js's backend, with our own programs. */
import * as tf from "@tensorflow/tfjs-core";
import { formatGibibytes } from "../../gibibytes.js";
import type { Choice, Device } from "../device.js";
import { NO_GPU, noAdapter } from "./adapter.js";
import { WebgpuBackend } from "./backend.js";
import { registerWebgpuKernels } from "./register-programs.js";
import { describeAdapter, requestDevice } from "./request-device.js";

// For its side effects: gradients of the stock operations, and a backend for work after this device is closed.
import "../cpu/stock.js";

const WEBGPU_BACKEND = "webgpu";

/** Turns of the event loop after which Dawn has stopped looking for events. One would be enough. */
const TURNS_TO_REST = 3;

/** The adapter that was found, and the platform's way to show it to TensorFlow.js, which looks at `navigator.gpu`. */
export interface AdapterSource {
  readonly adapter: GPUAdapter | null;
  expose(): void;
  withdraw(): void;
}

/**
 * @param choice why this device was chosen, for its description
 * @throws InputError if there is no adapter, RetryableError if the driver does not open it
 */
export async function openWebgpu({ adapter, expose, withdraw }: AdapterSource, choice: Choice): Promise<Device> {
  if (adapter === null) throw noAdapter(NO_GPU);
  const described = describeAdapter(adapter);
  const { name, type, largestTensorBytes } = described;
  const device = await requestDevice(adapter, described);
  expose();
  const backend = new WebgpuBackend(device, adapter.info);
  // The naive program walks through all taps for each value. It is unused, since ours is registered.
  tf.env().set("WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE", false);
  registerWebgpuKernels();
  // In a browser, the package has registered its own backend already, and a second one of the name would be ignored.
  if (tf.findBackendFactory(WEBGPU_BACKEND) !== null) tf.removeBackend(WEBGPU_BACKEND);
  tf.registerBackend(WEBGPU_BACKEND, () => backend);
  await tf.setBackend(WEBGPU_BACKEND);
  const facts = `${type === "software" ? "software, for checking only" : "GPU"}; tensors up to ${formatGibibytes(largestTensorBytes)}`;
  return {
    name: "webgpu",
    kind: type,
    description: `webgpu: ${name} (${facts}; ${choice.reason})`,
    hardware: `webgpu: ${name} (${facts})`,
    choice,
    threads: 0,
    isBatchInvariant: false,
    limits: { tensorBytes: largestTensorBytes, heap: null },
    freeze: () => {},
    async close() {
      tf.removeBackend(WEBGPU_BACKEND);
      // Dawn looks for events in every turn of the loop until it has reported the loss. Collecting its object before that
      // would end the process, so the last reference stays until no turn is planned.
      await device.lost;
      for (let turn = 0; turn < TURNS_TO_REST; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
      withdraw();
    },
  };
}
