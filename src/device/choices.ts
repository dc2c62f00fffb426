/** The devices that a command can be asked for. Loads no TensorFlow.js, so that the command line can list them. */
import { describeMismatch, InputError } from "../errors.js";

export const DEVICES = ["auto", "webgpu", "tensorflow", "wasm", "cpu"] as const;
export type DeviceChoice = (typeof DEVICES)[number];

/** Reads the name of a device. @throws InputError for any other */
export function parseDevice(text: string): DeviceChoice {
  const found = DEVICES.find((name) => name === text);
  if (found !== undefined) return found;
  throw new InputError(describeMismatch("--device", DEVICES.join(", "), `'${text}'`, "Choose one of these."));
}
