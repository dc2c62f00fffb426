/** The values of `--device`. Loads no TensorFlow.js, so that the command line can list them quickly. */

export const DEVICES = ["auto", "webgpu", "tensorflow", "wasm", "cpu"] as const;
export type DeviceChoice = (typeof DEVICES)[number];
