/** The `wasm` device: our SIMD kernels on all cores. Every machine has it. */

import { hasSimd } from "../../kernels/simd.js";
import type { Device, OpenOptions, Probe } from "../device.js";

export const name = "wasm";

export async function probe(): Promise<Probe> {
  const suitsAuto = hasSimd();
  return { suitsAuto, kind: "cpu", reason: suitsAuto ? "" : "this engine has no SIMD" };
}

export async function open(options: OpenOptions): Promise<Device> {
  const { openWasm } = await import("./open.js");
  return openWasm(options);
}
