/** What the main thread and its workers say to each other. Pixels travel through shared memory (ring.ts), not here. */

/** One named task: what goes in, what comes out. A worker entry exports an async function of that name. */
export interface TaskType {
  readonly task: unknown;
  readonly result: unknown;
}

/** The tasks of a worker entry by name. */
export type TaskTypes<T> = { readonly [Name in keyof T]: TaskType };

/** The worker's function for a task. */
export type TaskHandler<T extends TaskType> = (task: T["task"]) => Promise<T["result"]>;

/** An item that could not be done: data, not an exception, so that its neighbours in the task are not lost. */
export interface ItemFailure {
  readonly ok: false;
  readonly file: string;
  readonly reason: string;
  /** Worth trying again later (disk full); such a failure ends the job instead of counting against the item. */
  readonly retryable: boolean;
  /** The disk does not give this file: the item's failure, unless many in a row have it. */
  readonly unreadable?: true;
}

/** Where a worker writes floats: a range of a slot in the shared ring. */
export interface SlotRange {
  readonly buffer: ArrayBufferLike;
  /** In bytes from the start of the buffer, a multiple of 4. */
  readonly byteOffset: number;
  /** In floats. */
  readonly length: number;
}

/** The floats of a range; a view on the ring, not a copy. */
export function openRange({ buffer, byteOffset, length }: SlotRange): Float32Array {
  return new Float32Array(buffer, byteOffset, length);
}
