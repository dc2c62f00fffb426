/** Repeats checks whose values lie near a kink of an activation. */
import type { NamedTensors } from "../interop/safetensors.js";
import type { OnProgress } from "../types.js";
import { passes, type Quantity } from "./compare.js";
import { field } from "./formula.js";

/** Moves weights by at most one rounding of float32, differently for each trial. */
export function nudge(tensors: NamedTensors, trial: number): NamedTensors {
  if (trial === 0) return tensors;
  const moved: NamedTensors = new Map();
  for (const [name, { shape, data }] of tensors) {
    const value = field(`${name} nudged`, trial);
    moved.set(name, { shape, data: data.map((weight, i) => weight * (1 + value(i) * 2 ** -23)) });
  }
  return moved;
}

/** The groups of the compared systems' quantities that jump at a kink, and of those that depend on them. */
export const NEAR_KINKS: readonly string[] = ["grad_D", "grad_G", "later losses", "weights after"];

/** Largest number of repetitions. In each one, a quantity avoids the kinks with a probability of about one half. */
const TRIALS = 8;

/** For each quantity over its tolerance, the better of two checks. */
function takeBetter(quantities: readonly Quantity[], others: readonly Quantity[]): Quantity[] {
  const byName = new Map(others.map((quantity) => [quantity.name, quantity]));
  return quantities.map((quantity) => {
    const other = byName.get(quantity.name);
    if (passes(quantity) || other === undefined || !(other.error < quantity.error)) return quantity;
    return { ...other, at: `${other.at}, from weights one rounding away` };
  });
}

/**
 * Runs a check, and repeats it if only quantities that depend on kinks are over their tolerance.
 *
 * Gradients jump where the input of a ReLU or LeakyReLU crosses zero. A batch has millions of such inputs. A few lie so
 * close to zero that float32 rounds them to the other side than float64, and each of these changes some gradients by
 * 1e-3 to 1e-1 of their rms. Both sides are right. So if an affected quantity is over its tolerance, the check is
 * repeated from weights that differ by one rounding, and its smallest error counts. A real fault stays in all
 * repetitions.
 *
 * @param run    the check, from weights that the given trial moves; trial 0 moves none
 * @param groups groups of quantities that jump at a kink, and of those that depend on them
 */
async function repeatNearKinks(
  run: (trial: number) => Promise<Quantity[]>,
  groups: readonly string[],
): Promise<Quantity[]> {
  let quantities = await run(0);
  for (let trial = 1; trial <= TRIALS; trial++) {
    const failed = quantities.filter((quantity) => !passes(quantity));
    if (failed.length === 0 || !failed.every(({ group }) => groups.includes(group))) break;
    quantities = takeBetter(quantities, await run(trial));
  }
  return quantities;
}

/** Runs a file's updates from weights that a trial moves. @param onUpdate receives the number of updates done */
export type RunUpdates = (trial: number, onUpdate: (done: number) => void) => Promise<Quantity[]>;

/**
 * Checks a file's updates, repeats them near kinks, and reports progress.
 * @param file  names the work
 * @param total number of updates in the file
 */
export function checkUpdates(
  file: string,
  total: number,
  onProgress: OnProgress,
  run: RunUpdates,
  groups: readonly string[] = NEAR_KINKS,
): Promise<Quantity[]> {
  return repeatNearKinks((trial) => {
    const stage = trial === 0 ? `Check ${file}` : `Repetition ${trial} near a kink`;
    return run(trial, (done) => onProgress({ stage, done, total, unit: "updates" }));
  }, groups);
}
