/** All devices, best first, and the search for the best one that this machine has. */
import * as cpu from "./cpu/index.js";
import type { DeviceKind, DeviceModule, DeviceName, Probe } from "./device.js";
import * as tensorflow from "./tensorflow/index.js";
import * as wasm from "./wasm/index.js";
import * as webgpu from "./webgpu/index.js";

/** In the order in which `--device auto` considers them. Every machine has the last one. */
export const DEVICE_MODULES: readonly DeviceModule[] = [tensorflow, webgpu, wasm, cpu];

export interface FoundDevice {
  readonly device: DeviceModule;
  readonly kind: DeviceKind;
  /** For people: what was found, and what is against each device before it. */
  readonly reason: string;
}

/**
 * Finds the first of `devices` that `--device auto` can choose on this machine. Nothing is opened.
 * @param known results of searches that the caller has made already
 */
export async function findDevice(
  devices: readonly DeviceModule[] = DEVICE_MODULES,
  known: Partial<Record<DeviceName, Probe>> = {},
): Promise<FoundDevice> {
  const against: string[] = [];
  for (const device of devices) {
    const { suitsAuto, kind, reason } = known[device.name] ?? (await device.probe());
    if (suitsAuto) return { device, kind, reason: [reason, ...against].filter(Boolean).join("; ") };
    against.push(`not ${device.name}: ${reason}`);
  }
  throw new Error(`no device: ${against.join("; ")}`);
}
