/** The values of `--device`. Loads no TensorFlow.js, so that the command line can list them quickly. */
import { describeMismatch, InputError } from "../errors.js";

export const DEVICES = ["auto", "webgpu", "tensorflow", "wasm", "cpu"] as const;
export type DeviceChoice = (typeof DEVICES)[number];

/** Reads a value of `--device`. @throws InputError if it is not one */
export function parseDevice(text: string): DeviceChoice {
  const found = DEVICES.find((name) => name === text);
  if (found !== undefined) return found;
  throw new InputError(describeMismatch("--device", DEVICES.join(", "), `'${text}'`, "Choose one of these."));
}
