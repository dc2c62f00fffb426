/** Failures of a GPU while it works, as errors that are worth trying again elsewhere (exit code 4). */
import { RetryableError } from "../../errors.js";

/** The device has stopped working, or has refused its work. No value that was read from it since then can be trusted. */
export class DeviceError extends RetryableError {
  /** True if the GPU is gone, with everything on it. */
  readonly lost: boolean;

  constructor(message: string, lost: boolean) {
    super(message);
    this.lost = lost;
  }
}

/** The first line of Dawn's message says what happened; the others say in which of its calls. */
function firstLine(message: string): string {
  return message.split("\n")[0].trim().replace(/\.$/, "");
}

export function describeLoss(info: Pick<GPUDeviceLostInfo, "reason" | "message">): DeviceError {
  const why = firstLine(info.message) || info.reason;
  const remedy = "Run the command again, or use --device wasm.";
  return new DeviceError(`device webgpu: the GPU was lost while it worked (${why}). ${remedy}`, true);
}

/** Dawn's words for a buffer or a binding that exceeds the adapter's limits. Other limits concern programs. */
const TOO_LARGE =
  /\b(buffer|binding)\b.*(exceeds|larger than|greater than|over).*(\bmax|limit)|maxBufferSize|BufferBindingSize/i;
const SMALLER = "Use a smaller --batch (train, fid), fewer or smaller images, or --device wasm.";

/** Describes an error that no call waits for. @param kind the name of its class */
export function describeGpuError(kind: string, message: string): DeviceError {
  const what = firstLine(message);
  if (kind === "GPUOutOfMemoryError") {
    return new DeviceError(`device webgpu: the GPU's memory does not suffice (${what}). ${SMALLER}`, false);
  }
  if (TOO_LARGE.test(what)) {
    return new DeviceError(`device webgpu: a tensor is larger than the GPU takes (${what}). ${SMALLER}`, false);
  }
  const remedy = "Use --device wasm, and please report this line with the output of 'elegant doctor --json'.";
  return new DeviceError(`device webgpu: the driver refused a program or its data (${what}). ${remedy}`, false);
}
