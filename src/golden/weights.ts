/**
 * Comparing the weights after several Adam updates.
 *
 * Weights barely move (lr a step), so they are compared on the scale of the movement, lr * updates: an error of 1 is as
 * large as the whole way. Adam's step is nearly the sign of the gradient, so where a gradient is close to zero float32
 * noise may turn a single weight's step around, which says nothing; what says something is that
 *  - the mean and the rms over all values of a tensor agree: turned steps cancel in them, while a missing weight decay
 *    shows in the rms (it moves weights along themselves), and a wrong step size or lost update in both;
 *  - all but a few in a hundred of the points agree: a wrong moment or epsilon moves many of them.
 */
import type { NamedTensors } from "../interop/safetensors.js";
import { coordinate, Largest, moments, type Quantity, type Summary } from "./compare.js";

export const WEIGHT_GROUPS = ["weights: mean, rms", "weights: points"] as const;

/** Of lr * updates. */
export const WEIGHT_TOLERANCES = { mean: 0.01, points: 0.02 } as const;
/** The share of points that may have been turned around. */
const TURNED_SHARE = 0.01;

/**
 * @param golden by name
 * @param after  ours, in PyTorch's layout
 * @param way    lr * updates, the most that a weight moves
 */
export function compareWeights(
  golden: Readonly<Record<string, Summary>>,
  after: NamedTensors,
  way: number,
): Quantity[] {
  const quantities: Quantity[] = [];
  const points: { readonly error: number; readonly at: string }[] = [];
  for (const [name, summary] of Object.entries(golden)) {
    const [group] = WEIGHT_GROUPS;
    const { mean: tolerance } = WEIGHT_TOLERANCES;
    const data = after.get(name)?.data;
    if (data === undefined) {
      quantities.push({ group, name: `${name} after`, error: Number.POSITIVE_INFINITY, tolerance, at: "missing" });
      continue;
    }
    const ours = moments(data);
    const whole = new Largest();
    for (const part of ["mean", "rms"] as const) whole.see((ours[part] - summary[part]) / way, part);
    quantities.push({ group, name: `${name} after`, error: whole.error, tolerance, at: whole.at });
    for (const [index, value] of summary.at) {
      points.push({ error: Math.abs(data[index] - value) / way, at: `${name} ${coordinate(summary.shape, index)}` });
    }
  }
  // A NaN sorts to the end, as the largest.
  points.sort((a, b) => (Number.isNaN(a.error) ? 1 : Number.isNaN(b.error) ? -1 : a.error - b.error));
  const allowed = points[Math.max(0, Math.ceil(points.length * (1 - TURNED_SHARE)) - 1)];
  if (allowed !== undefined) {
    const [, group] = WEIGHT_GROUPS;
    quantities.push({ group, name: "99 of 100 points after", ...allowed, tolerance: WEIGHT_TOLERANCES.points });
  }
  return quantities;
}
