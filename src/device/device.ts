/**
 * What every device has, whatever computes in it. Callers ask these members; they never ask which device they have. The package's
 * public types lead here, so no type of TensorFlow.js's or WebGPU's is named.
 */
import type { SharedHeap } from "../kernels/heap.js";

/** Where the networks compute: libtensorflow, a GPU through WebGPU, our SIMD kernels, or plain JavaScript. */
export type DeviceName = "tensorflow" | "webgpu" | "wasm" | "cpu";

/** Where a device computes. "software" is a GPU's driver that computes on the CPU: correct, but for checking only. */
export type DeviceKind = "cpu" | "gpu" | "software";

/** Why a device was opened. */
export interface Choice {
  /** For people: "asked for", or why `auto` chose the device and none of the devices before it. */
  readonly reason: string;
  /** True if `auto` chose the device, false if the user named it. */
  readonly isAutomatic: boolean;
  /** True if a better device should work on this machine but does not. */
  readonly isFallback: boolean;
}

/** How much memory tensors can have. */
export interface DeviceLimits {
  /** Bytes of the largest single tensor; Infinity if the device does not say. */
  readonly tensorBytes: number;
  /** The memory that holds all tensors; null if it is a GPU's or JavaScript's, whose limit nobody reports. */
  readonly heap: Pick<SharedHeap, "limitBytes" | "comfortBytes" | "statistics"> | null;
}

/** An opened device. All tensors and models are on it, so dispose them before you close it. */
export interface Device {
  /** Which of the devices it is. */
  readonly name: DeviceName;
  /** Whether a GPU computes, the CPU, or a GPU's driver that runs on the CPU. */
  readonly kind: DeviceKind;
  /** For people: what it is and why it was chosen. */
  readonly description: string;
  /** What computes, without the number of threads and the reason for the choice: "wasm: our SIMD kernels". */
  readonly hardware: string;
  /** Why this device was opened. */
  readonly choice: Choice;
  /** Number of threads that compute; 0 if the device's own library or driver decides. */
  readonly threads: number;
  /** True if an image's result has the same bits whatever other images are in its batch. */
  readonly isBatchInvariant: boolean;
  /** How much memory tensors can have on it. */
  readonly limits: DeviceLimits;
  /**
   * Declares that these tensors keep their values until they are disposed, as the weights of a model that only edits do. `wasm`
   * then packs each filter once instead of for every convolution, in as much memory again; the other devices ignore it.
   */
  freeze(tensors: Iterable<{ readonly dataId: object }>): void;
  /** Ends the device's threads and frees its memory. Its tensors and models cannot be used afterwards. */
  close(): Promise<void>;
}

/** What a search for a device found, before it is opened. */
export interface Probe {
  /** True if `auto` can choose the device on this machine. */
  readonly suitsAuto: boolean;
  readonly kind: DeviceKind;
  /** For people: what was found, or what is against the device; empty if there is nothing to say. */
  readonly reason: string;
}

export interface OpenOptions {
  /** Number of threads for `wasm`; the other devices ignore it. */
  readonly threads: number;
  readonly choice: Choice;
  /** Memory for `wasm`; tests pass a smaller one. */
  readonly heap?: SharedHeap | undefined;
}

/** The exports of `src/device/NAME/index.ts`. Importing it loads neither TensorFlow.js nor an optional package. */
export interface DeviceModule {
  readonly name: DeviceName;
  probe(): Promise<Probe>;
  /** Opens the device as TensorFlow.js's current backend. @throws InputError or RetryableError, as openDevice() says */
  open(options: OpenOptions): Promise<Device>;
}
