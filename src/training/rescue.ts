/** Saves a training that an error ends, and says how to resume it. */
import { DeviceError } from "../device/webgpu/failure.js";
import { InputError, RetryableError } from "../errors.js";
import type { TrainingState } from "../methods/method.js";
import { NOT_FINITE_REMEDY } from "../models/checkpoint.js";
import type { RunWriter } from "./run-writer.js";

/**
 * Saves the state after an error, and says how to resume. Between steps the state is complete and is saved if the
 * device can still be read. Within a step some of the weights may have changed already, so the last checkpoint is the
 * one to resume.
 * @param whole the state after a complete step; null within a step
 * @returns the error to throw
 */
export async function rescue(
  error: unknown,
  writer: RunWriter,
  whole: { readonly step: number; readonly state: TrainingState } | null,
): Promise<unknown> {
  const isLost = error instanceof DeviceError && error.lost;
  // If this fails too, the last checkpoint remains, and the first error is the one to report.
  if (whole !== null && !isLost) await writer.saveUnscored(whole.step, whole.state).catch(() => {});
  const saved = `Step ${writer.savedStep} is saved: continue with the same command`;
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
