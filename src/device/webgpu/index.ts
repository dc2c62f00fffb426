/**
 * The `webgpu` device: a GPU of any vendor. In Node.js, Dawn opens the GPU, from packages that users install themselves. This
 * file is the only one in this folder that needs Node.js.
 */
import type { Device, OpenOptions, Probe } from "../device.js";
import { requestAdapter } from "../node/dawn.js";
import { missingWebgpuPackages, probeAdapter } from "../node/find-adapter.js";
import { judgeAdapter, noAdapter } from "./adapter.js";

export const name = "webgpu";

export async function probe(): Promise<Probe> {
  return judgeAdapter(await probeAdapter());
}

/** @throws InputError if a package is missing or no GPU is found, RetryableError if the driver does not open it */
export async function open({ choice }: OpenOptions): Promise<Device> {
  if (missingWebgpuPackages().length > 0) await requestAdapter(); // says which package to install
  // Look in a process of its own first, as `auto` has done already: Dawn writes to stderr what it does not find.
  const problem = choice.isAutomatic ? null : (await probeAdapter()).problem;
  if (problem !== null) throw noAdapter(problem);
  const { openWebgpu } = await import("./open.js");
  return openWebgpu(await requestAdapter(), choice);
}
