/** Turns an error about one item of a task into a result, so that the other items are not lost. */
import { ElegantError, RetryableError, UnreadableFileError } from "../errors.js";
import { asAddressSpaceError } from "../kernels/address-space.js";
import type { ItemFailure } from "./protocol.js";

/** @param file the item's name in reports */
export function failureOf(file: string, thrown: unknown): ItemFailure {
  const error = asAddressSpaceError(thrown) ?? thrown;
  const reason = error instanceof Error ? error.message : String(error);
  // Any other error is a bug of ours or of a codec. The item fails, and the error's class helps readers of the report.
  const named = error instanceof ElegantError || !(error instanceof Error) ? reason : `${error.name}: ${reason}`;
  const failed = { ok: false, file, reason: named, retryable: error instanceof RetryableError } as const;
  return error instanceof UnreadableFileError ? { ...failed, unreadable: true } : failed;
}
