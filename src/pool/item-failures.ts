/** Decides whether an item's failure is only that item's or ends the whole job. */
import { RetryableError } from "../errors.js";
import type { ItemFailure } from "./protocol.js";

/** Unreadable files in a row that count as those files' failures. More of them mean that the disk itself is gone. */
const MOST_IN_A_ROW = 16;

/** Watches the results of one job, in any order. */
export class ItemFailures {
  private inARow = 0;

  /**
   * Notes a result.
   * @param failure null for an item that was done
   * @throws RetryableError if the failure ends the job: a full disk, or one that no longer gives any file
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
