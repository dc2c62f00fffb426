/** The values of `--device`. Loads no TensorFlow.js, so that the command line can list them quickly. */

/** The devices that a caller can choose, and "auto", which picks one of the others. */
export const DEVICES = ["auto", "webgpu", "tensorflow", "wasm", "cpu"] as const;
/** A device by its name, or "auto". */
export type DeviceChoice = (typeof DEVICES)[number];
