/** The device that computes now. It follows TensorFlow.js's current backend, of which there is one per thread. */
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "./device.js";

const devices = new WeakMap<tf.KernelBackend, Device>();

/** Notes that `device` owns TensorFlow.js's current backend. */
export function setCurrentDevice(device: Device): void {
  devices.set(tf.backend(), device);
}

/** The device that owns TensorFlow.js's current backend; null if openDevice() did not open it. */
export function currentDevice(): Device | null {
  return devices.get(tf.backend()) ?? null;
}
