/** The `tensorflow` device: TensorFlow's native library, through one of two npm packages that users install themselves. */
import { describeMismatch, InputError } from "../../errors.js";
import type { Device, OpenOptions, Probe } from "../device.js";
import { examineTensorflowGpu, installedPackages, TENSORFLOW_GPU, TENSORFLOW_PACKAGES } from "../node/packages.js";

export const name = "tensorflow";

/** Looks for the package that computes on a GPU: without one, `auto` prefers other devices. */
export async function probe(): Promise<Probe> {
  const { state } = examineTensorflowGpu();
  const found = state === "missing" ? "not installed" : state;
  return { suitsAuto: state === "installed", kind: "gpu", reason: `${TENSORFLOW_GPU} is ${found}` };
}

/** @throws InputError if neither package is installed, or if it does not load */
export async function open({ choice }: OpenOptions): Promise<Device> {
  const [installed] = installedPackages(TENSORFLOW_PACKAGES);
  if (installed === undefined) {
    const expected = `${TENSORFLOW_PACKAGES.join(" or ")} next to elegant-faces`;
    const remedy = "Install one, or use --device wasm.";
    throw new InputError(describeMismatch("device tensorflow", expected, "neither installed", remedy));
  }
  const { openTensorflow } = await import("./open.js");
  return openTensorflow(installed, choice);
}
