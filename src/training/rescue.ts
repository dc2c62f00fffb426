/** What is saved when an error ends a training, and how to go on. */
import { DeviceError } from "../device/webgpu/failure.js";
import { InputError, RetryableError } from "../errors.js";
import type { TrainingState } from "../methods/method.js";
import { NOT_FINITE_REMEDY } from "../models/checkpoint.js";
import type { RunWriter } from "./run-writer.js";

/**
 * Saves what an error leaves, and says how to go on. Between steps the state is whole and is saved if the device can still be
 * read. Within a step some of the weights may have changed already, and the last checkpoint stands.
 * @param whole the state after a complete step; null within one
 * @returns the error to throw
 */
export async function rescue(
  error: unknown,
  writer: RunWriter,
  whole: { readonly step: number; readonly state: TrainingState } | null,
): Promise<unknown> {
  const isLost = error instanceof DeviceError && error.lost;
  // If this fails too, the last checkpoint stands, and the first error is the one to report.
  if (whole !== null && !isLost) await writer.saveUnscored(whole.step, whole.state).catch(() => {});
  const saved = `Step ${writer.savedStep} is saved: go on with the same command`;
  if (error instanceof DeviceError) {
    return new DeviceError(`${error.message} ${saved}, --resume and --device wasm.`, error.lost);
  }
  // The same settings would lead to the same losses again.
  if (error instanceof RetryableError && error.message.endsWith(NOT_FINITE_REMEDY)) return error;
  const message = error instanceof Error ? `${error.message} ${saved} and --resume.` : "";
  if (error instanceof RetryableError) return new RetryableError(message, { cause: error });
  if (error instanceof InputError) return new InputError(message, { cause: error });
  return error;
}
