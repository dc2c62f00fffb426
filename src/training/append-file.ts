/** A file that grows by whole records: logs and event files. */
import type { FileHandle } from "node:fs/promises";
import { rethrowAs } from "../errors.js";

export class AppendFile {
  private pending: Promise<void> = Promise.resolve();

  constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** Appends a record after all that are waiting; calls may overlap, their order is kept. */
  protected write(record: Uint8Array | string): Promise<void> {
    // One write per record, so that a reader that follows the file sees whole ones.
    this.pending = this.pending
      .then(() => this.file.appendFile(record))
      .catch(rethrowAs(`Cannot write '${this.path}'`));
    return this.pending;
  }

  /** Waits until everything is on the disk. */
  async flush(): Promise<void> {
    await this.pending;
    await this.file.datasync().catch(rethrowAs(`Cannot write '${this.path}'`));
  }

  /** Flushes and closes; further calls fail. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
  }
}
