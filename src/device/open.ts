/** Opens the device that a command asks for. */
import type { SharedHeap } from "../kernels/heap.js";
import type { DeviceChoice } from "./choices.js";
import { setCurrentDevice } from "./current.js";
import type { Device, DeviceModule, OpenOptions } from "./device.js";
import { DEVICE_MODULES, findDevice } from "./devices.js";

/** Opens this device, so that currentDevice() gives it. */
export async function openModule(module: DeviceModule, options: OpenOptions): Promise<Device> {
  const device = await module.open(options);
  setCurrentDevice(device);
  return device;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Opens the best device that works on this machine. A GPU that was found but does not open is skipped, and the description
 * of the next device says why.
 * @param devices  best first
 * @param failures what went wrong with devices that were skipped
 */
export async function openBest(
  threads: number,
  devices: readonly DeviceModule[] = DEVICE_MODULES,
  failures: readonly string[] = [],
): Promise<Device> {
  const { device, kind, reason } = await findDevice(devices);
  const reasons = ["chosen by auto", reason, ...failures].filter(Boolean).join("; ");
  try {
    const choice = { reason: reasons, isAutomatic: true, isFallback: failures.length > 0 };
    return await openModule(device, { threads, choice });
  } catch (error) {
    // GPUs depend on drivers and libraries of the machine. A failure of the CPU's devices is ours to report.
    if (kind !== "gpu") throw error;
    const rest = devices.slice(devices.indexOf(device) + 1);
    return openBest(threads, rest, [...failures, `${device.name} does not open: ${messageOf(error)}`]);
  }
}

/**
 * Opens a device and makes it TensorFlow.js's current backend. Close it before you open another one.
 *
 * @param choice  the device; "auto" picks the best one that works on this machine
 * @param threads number of threads for `wasm`, ignored by the other devices. Without SharedArrayBuffer, `wasm` runs on
 *                one thread and says so in its description.
 * @param heap    memory for `wasm`; tests pass a smaller one
 * @throws InputError if the requested device is not installed, does not load or finds no GPU; RetryableError if the
 *                GPU's driver does not open it
 * @returns the device; it is also TensorFlow.js's current backend, which all other functions use
 * @example
 * ```ts
 * import { openDevice } from "elegant-faces";
 *
 * const device = await openDevice("wasm", 4);
 * console.log(device.description);
 * await device.close();
 * ```
 */
export async function openDevice(choice: DeviceChoice, threads: number, heap?: SharedHeap): Promise<Device> {
  if (choice === "auto") return openBest(threads);
  const module = DEVICE_MODULES.find(({ name }) => name === choice);
  if (module === undefined) throw new Error(`no device '${choice}'`);
  const asked = { reason: "asked for", isAutomatic: false, isFallback: false };
  return openModule(module, { threads, heap, choice: asked });
}
