/** The device of a test file's networks. */
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";

/** Opens the `wasm` device before the tests of the enclosing describe(), and closes it after them. */
export function useOpenWasm(threads: number): void {
  let device: Device;
  before(async () => {
    device = await openDevice("wasm", threads);
  });
  after(() => device.close());
}

/** Opens the `wasm` device as useOpenWasm() does, and frees the tensors of each test. */
export function useWasm(threads: number): void {
  useOpenWasm(threads);
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());
}
