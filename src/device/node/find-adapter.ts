/** Looks for a GPU without opening it. Loads neither Dawn nor TensorFlow.js. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type AdapterProbe, WEBGPU_PACKAGES } from "../webgpu/adapter.js";
import { installedPackages } from "./packages.js";

/** The packages of the `webgpu` device that are not installed. */
export function missingWebgpuPackages(): readonly string[] {
  const installed: readonly string[] = installedPackages(WEBGPU_PACKAGES);
  return WEBGPU_PACKAGES.filter((name) => !installed.includes(name));
}

/** Long enough for a driver that compiles its own start-up shaders. */
const PROBE_MILLISECONDS = 30_000;

/**
 * Looks for an adapter in a process of its own (print-adapter.ts). Dawn and the drivers write their complaints to stderr, and
 * a broken driver can end the process that loads it.
 */
export function probeAdapter(): Promise<AdapterProbe> {
  const missing = missingWebgpuPackages();
  if (missing.length > 0) return Promise.resolve({ adapter: null, problem: `${missing[0]} is not installed` });
  const script = fileURLToPath(new URL("./print-adapter.js", import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { timeout: PROBE_MILLISECONDS }, (error, stdout) => {
      try {
        resolve(JSON.parse(stdout) as AdapterProbe);
      } catch {
        const why = error?.signal ? `ended by ${error.signal}` : `ended with exit code ${error?.code ?? 0}`;
        resolve({ adapter: null, problem: `the search for a GPU ${why}` });
      }
    });
  });
}
