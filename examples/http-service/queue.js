// A bounded queue in front of one worker. A job reserves a place, or is refused because there is none; then it waits for its turn,
// but not too long.

/** An answer to a request that could not be served: its HTTP status and a sentence for the client. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @template Job, Result
 * @typedef {{ job: Job, signal: AbortSignal, deadline: number, resolve: (result: Result) => void, reject: (error: Error) => void }} Waiting
 */

/** @template Job, Result */
export class BoundedQueue {
  /** @type {Waiting<Job, Result>[]} */
  #waiting = [];
  #running = false;
  #reserved = 0;

  /**
   * @param {(job: Job) => Promise<Result>} work one job at a time
   * @param {{ capacity: number, patience: number }} limits places, and milliseconds that a job may wait
   */
  constructor(work, { capacity, patience }) {
    this.work = work;
    this.capacity = capacity;
    this.patience = patience;
  }

  get waiting() {
    return this.#waiting.length;
  }

  /**
   * Takes a place for a job that is still on its way.
   * @returns {() => void} gives the place back; call it when the job is done, or when it never came
   * @throws Refusal 503 if all places are taken
   */
  reserve() {
    if (this.#reserved >= this.capacity) throw new Refusal(503, "The service is busy. Try again later.");
    this.#reserved++;
    return () => {
      this.#reserved--;
    };
  }

  /**
   * Runs a job when its turn comes.
   * @param {Job} job
   * @param {AbortSignal} signal a job whose client has gone is dropped
   * @returns {Promise<Result>}
   * @throws Refusal 503 if the job has waited too long
   */
  run(job, signal) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, signal, deadline: performance.now() + this.patience, resolve, reject });
      void this.#drain();
    });
  }

  async #drain() {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { job, signal, deadline, resolve, reject } = next;
      if (signal.aborted) reject(new Refusal(499, "The client has gone."));
      else if (performance.now() > deadline) reject(new Refusal(503, "The request waited too long. Try again later."));
      else await this.work(job).then(resolve, reject);
    }
    this.#running = false;
  }
}
