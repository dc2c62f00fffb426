/** Opens the `webgpu` device: Dawn's adapter under TensorFlow.js's backend, with programs of ours in it. */
import * as tf from "@tensorflow/tfjs-core";
import { describeAdapter, requestAdapter, requestDevice } from "../node/dawn.js";
import { formatGibibytes } from "../node/machine.js";
import { NO_GPU, noAdapter } from "./adapter.js";
import { WebgpuBackend } from "./backend.js";
import { registerWebgpuKernels } from "./register-programs.js";

export const WEBGPU_BACKEND = "webgpu";

/** Of the event loop, after which Dawn has stopped to look for events; one would do. */
const TURNS_TO_REST = 3;

/** The backend's constructor looks for it; it keeps Dawn's threads alive, so it goes with the device. */
function setNavigatorGpu(gpu: GPU | undefined): void {
  if (globalThis.navigator === undefined) Object.defineProperty(globalThis, "navigator", { value: {}, writable: true });
  Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true });
}

export interface OpenedWebgpu {
  readonly description: string;
  close(): Promise<void>;
}

/**
 * @param reason why this device was chosen, for its description
 * @throws InputError when there is no package or no adapter, RetryableError when the driver gives no device
 */
export async function openWebgpu(reason: string): Promise<OpenedWebgpu> {
  const { gpu, adapter } = await requestAdapter();
  if (adapter === null) throw noAdapter(NO_GPU);
  const described = describeAdapter(adapter);
  const { name, type, largestTensorBytes } = described;
  const device = await requestDevice(adapter, described);
  setNavigatorGpu(gpu);
  const backend = new WebgpuBackend(device, adapter.info);
  // The naive program walks through all taps for each value; unused where ours is registered, which it is.
  tf.env().set("WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE", false);
  registerWebgpuKernels();
  tf.registerBackend(WEBGPU_BACKEND, () => backend);
  await tf.setBackend(WEBGPU_BACKEND);
  const kind = type === "software" ? "software, for checking only" : "GPU";
  return {
    description: `webgpu: ${name} (${kind}; tensors up to ${formatGibibytes(largestTensorBytes)}; ${reason})`,
    async close() {
      tf.removeBackend(WEBGPU_BACKEND);
      // Dawn looks for events in every turn of the loop until the loss is told. Were its object collected before, that would
      // end the process, so it stays referenced until no turn is planned.
      await device.lost;
      for (let turn = 0; turn < TURNS_TO_REST; turn++) await new Promise((resolve) => setImmediate(resolve));
      setNavigatorGpu(undefined);
    },
  };
}
