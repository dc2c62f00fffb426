/** A device that computes nothing, for tests of code that only asks what a device is. */
import type { Device } from "../../src/device/device.js";

/** The `wasm` device of a machine with two threads, except for the members given. */
export function fakeDevice(members: Partial<Device> = {}): Device {
  return {
    name: "wasm",
    kind: "cpu",
    description: "wasm: our SIMD kernels on 2 threads (asked for)",
    hardware: "wasm: our SIMD kernels",
    choice: { reason: "asked for", isAutomatic: false, isFallback: false },
    threads: 2,
    isBatchInvariant: true,
    limits: { tensorBytes: Number.POSITIVE_INFINITY, heap: null },
    freeze: () => {},
    close: async () => {},
    ...members,
  };
}
