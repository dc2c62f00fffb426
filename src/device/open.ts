/** Opens the TensorFlow.js backend that a command asked for, and says what it opened. */
import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import { describeMismatch, InputError } from "../errors.js";
import type { SharedHeap } from "../kernels/heap.js";
import { loadModule } from "../kernels/module.js";
import { TEAM_KERNELS } from "../kernels/nn.js";
import { KernelTeam } from "../pool/team.js";
import type { DeviceChoice } from "./choices.js";
import { STOCK_BACKEND } from "./cpu/stock.js";
import type { Device } from "./device.js";
import { examinePackages, findDevice, type PackageState } from "./node/capabilities.js";
import { registerBiasLeaky } from "./ops/bias-leaky.js";
import { registerChannelNorm } from "./ops/channel-norm.js";
import { registerResidual } from "./ops/residual.js";
import { registerPaddedConvolutions } from "./tensorflow/padded-convolutions.js";
import { BACKEND_NAME, registerCpuKernels, registerSharedKernel, SharedMemoryBackend } from "./wasm/backend.js";
import { CONV_KERNELS } from "./wasm/conv-kernels.js";
import { COPY_KERNELS } from "./wasm/copy-kernels.js";
import { ELEMENTWISE_KERNELS } from "./wasm/elementwise-kernels.js";
import { MATMUL_KERNELS } from "./wasm/matmul-kernel.js";
import { POOL_KERNELS } from "./wasm/pool-kernels.js";
import { REDUCE_KERNELS } from "./wasm/reduce-kernels.js";

/** Packages of the `tensorflow` device in the order tried; installed by the user, never by us. */
const TENSORFLOW_PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"] as const;

/** The installed package of the `tensorflow` device, or null. */
export function findTensorflowPackage(): string | null {
  const require = createRequire(import.meta.url);
  for (const name of TENSORFLOW_PACKAGES) {
    try {
      require.resolve(name);
      return name;
    } catch {
      // Not installed: try the next.
    }
  }
  return null;
}

let registered = false;

async function openWasm(threads: number, reason: string, heap?: SharedHeap): Promise<Device> {
  const team = new KernelTeam(await loadModule("nn"), threads, TEAM_KERNELS, heap);
  if (!registered) {
    registerCpuKernels();
    for (const [kernelName, kernelFunc] of Object.entries({
      ...CONV_KERNELS,
      ...COPY_KERNELS,
      ...ELEMENTWISE_KERNELS,
      ...MATMUL_KERNELS,
      ...POOL_KERNELS,
      ...REDUCE_KERNELS,
    })) {
      tf.unregisterKernel(kernelName, BACKEND_NAME);
      registerSharedKernel(kernelName, kernelFunc);
    }
    registerBiasLeaky();
    registerChannelNorm();
    registerResidual();
    registered = true;
  }
  tf.registerBackend(BACKEND_NAME, () => new SharedMemoryBackend(team));
  await tf.setBackend(BACKEND_NAME);
  return {
    name: "wasm",
    description: `wasm: our SIMD kernels on ${team.description} (${reason})`,
    threads: team.threads,
    async close() {
      tf.removeBackend(BACKEND_NAME);
      await team.close();
    },
  };
}

async function openCpu(): Promise<Device> {
  await tf.setBackend(STOCK_BACKEND);
  // It would print an advice to install another backend, on stdout, where JSON belongs.
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return {
    name: "cpu",
    description: "cpu: TensorFlow.js in plain JavaScript on one thread, for checking only",
    threads: 1,
    close: async () => {},
  };
}

async function openTensorflow(name: string): Promise<Device> {
  try {
    await import(name);
  } catch (cause) {
    throw new InputError(
      `device tensorflow: ${name} is installed but does not load (${String(cause)}). Reinstall it, or use --device wasm.`,
      { cause },
    );
  }
  await tf.setBackend("tensorflow");
  registerPaddedConvolutions();
  return { name: "tensorflow", description: `tensorflow: ${name}`, threads: 0, close: async () => {} };
}

/** Loaded when it is asked for: its packages are installed by the user, if at all. */
async function openOnWebgpu(reason: string, isProbed: boolean): Promise<Device> {
  const { missingWebgpuPackages, noAdapter, probeAdapter } = await import("./webgpu/adapter.js");
  const { requestAdapter } = await import("./node/dawn.js");
  if (missingWebgpuPackages().length > 0) await requestAdapter(); // says what to install
  // In a process of its own first: Dawn writes to stderr itself what it does not find.
  const problem = isProbed ? null : (await probeAdapter()).problem;
  if (problem !== null) throw noAdapter(problem);
  const { openWebgpu } = await import("./webgpu/open.js");
  return { name: "webgpu", threads: 0, ...(await openWebgpu(reason)) };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Takes the best device that works here; one that should work and does not is passed over with its reason.
 * @param packages that may be loaded, in tests
 */
export async function openBest(
  threads: number,
  packages: readonly Pick<PackageState, "name" | "state">[] = examinePackages(),
): Promise<Device> {
  let found = await findDevice(packages);
  let passedOver = "";
  if (found.name === "tensorflow") {
    try {
      return await openTensorflow(TENSORFLOW_PACKAGES[0]);
    } catch (error) {
      // Installed, but made for other drivers or libraries than this machine has.
      passedOver = `; tensorflow does not open: ${messageOf(error)}`;
      found = await findDevice(packages.map((item) => ({ ...item, state: "broken" })));
    }
  }
  const chosen = `chosen by auto; ${found.reason}${passedOver}`;
  if (found.name === "cpu") return openCpu();
  if (found.name === "wasm") return openWasm(threads, chosen);
  try {
    return await openOnWebgpu(chosen, true);
  } catch (error) {
    return openWasm(threads, `chosen by auto${passedOver}; webgpu does not open: ${messageOf(error)}`);
  }
}

/**
 * Opens a device and makes it TensorFlow.js's current one. Open one at a time.
 * @param threads of the `wasm` device, which takes one where the engine has no SharedArrayBuffer and says so
 * @param heap    of the `wasm` device, a smaller one in tests
 */
export async function openDevice(choice: DeviceChoice, threads: number, heap?: SharedHeap): Promise<Device> {
  if (choice === "cpu") return openCpu();
  if (choice === "wasm") return openWasm(threads, "asked for", heap);
  if (choice === "webgpu") return openOnWebgpu("asked for", false);
  if (choice === "auto") return openBest(threads);
  const installed = findTensorflowPackage();
  if (installed !== null) return openTensorflow(installed);
  const names = TENSORFLOW_PACKAGES.join(" or ");
  throw new InputError(
    describeMismatch(
      "device tensorflow",
      `${names} beside us`,
      "neither installed",
      "Install one, or use --device wasm.",
    ),
  );
}
