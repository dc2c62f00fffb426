/** Decides whether an item's failure affects only that item or ends the whole job. */
import { RetryableError } from "../errors.js";
import type { ItemFailure } from "./protocol.js";

/**
 * Largest number of unreadable files in a row that count as failures of those files. More of them mean that the disk
 * itself is gone.
 */
const MOST_IN_A_ROW = 16;

/** Watches the results of one job, in any order. */
export class ItemFailures {
  private inARow = 0;

  /**
   * Records a result.
   * @param failure null for an item that was done
   * @throws RetryableError if the failure ends the job: the disk is full, or it no longer delivers any file
   */
  note(failure: ItemFailure | null): void {
    if (failure?.unreadable !== true) {
      this.inARow = 0;
      if (failure?.retryable === true) throw new RetryableError(failure.reason);
      return;
    }
    this.inARow++;
    if (this.inARow <= MOST_IN_A_ROW) return;
    throw new RetryableError(`${this.inARow} files in a row cannot be read. The last one: ${failure.reason}`);
  }
}
