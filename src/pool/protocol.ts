/** Messages between the main thread and its workers. Pixels travel through shared memory (ring.ts), not in messages. */

/** The task and result types of one named task. A worker file exports an async function of that name. */
export interface TaskType {
  readonly task: unknown;
  readonly result: unknown;
}

/** The tasks of a worker file, by name. */
export type TaskTypes<T> = { readonly [Name in keyof T]: TaskType };

/** The function in a worker file that runs a task. */
export type TaskHandler<T extends TaskType> = (task: T["task"]) => Promise<T["result"]>;

/**
 * An item that could not be done. It is returned as data instead of being thrown, so that the other items of the task
 * are not lost.
 */
export interface ItemFailure {
  readonly ok: false;
  readonly file: string;
  readonly reason: string;
  /** True if a later try may succeed (disk full). Such a failure ends the job instead of counting against the item. */
  readonly retryable: boolean;
  /** True if the disk does not deliver this file. It counts as the item's failure, unless many in a row have it. */
  readonly unreadable?: true;
}

/** Where a worker writes floats: a range within a slot of the shared ring. */
export interface SlotRange {
  readonly buffer: ArrayBufferLike;
  /** Bytes from the start of the buffer, a multiple of 4. */
  readonly byteOffset: number;
  /** Number of floats. */
  readonly length: number;
}

/** The floats of a range, as a view on the ring without copying. */
export function openRange({ buffer, byteOffset, length }: SlotRange): Float32Array {
  return new Float32Array(buffer, byteOffset, length);
}
