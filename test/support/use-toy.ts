/** The toy method in the registry, with a device to train it on. */
import { registerMethod } from "../../src/methods/registry.js";
import { TOY } from "./toy-method.js";
import { useOpenWasm } from "./use-device.js";

/** Registers the toy method and opens the `wasm` device before the tests of the enclosing describe(). */
export function useToyMethod(): void {
  before(() => registerMethod(TOY));
  useOpenWasm(1);
}
