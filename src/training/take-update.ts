/** One update of a training: waits for its batch, lets the method update its networks, and reports the times. */
import type { Losses, Moment, Training, TrainingState } from "../methods/method.js";
import type { Feeding } from "../pool/feeding.js";
import { disposeBatch, type PairBatches } from "./batches.js";

export interface UpdateWork {
  readonly training: Training;
  readonly state: TrainingState;
  readonly batches: PairBatches;
  /** Pairs per update, and the most pairs computed at the same time. */
  readonly batch: number;
  readonly part: number;
  readonly feeding: Feeding;
}

/**
 * Waits for the next batch, updates all networks with it, and reports both times.
 * @param onFetched called in between, before the update changes the state
 * @returns the losses, and the seconds without the waiting
 */
export async function takeUpdate(
  { training, state, batches, batch, part, feeding }: UpdateWork,
  at: Moment,
  onFetched: () => Promise<void> = async () => {},
): Promise<{ readonly losses: Losses; readonly seconds: number }> {
  const fetchBegan = performance.now();
  const pairs = await batches.next();
  await onFetched();
  const updateBegan = performance.now();
  let losses: Losses;
  try {
    losses = await training.update(state, pairs, at, part);
  } finally {
    disposeBatch(pairs);
  }
  const seconds = (performance.now() - updateBegan) / 1000;
  feeding.onTimes({ update: seconds }, batch);
  feeding.onUnit(batch, (performance.now() - fetchBegan) / 1000);
  return { losses, seconds };
}
