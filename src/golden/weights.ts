/**
 * Compares the weights after several Adam updates.
 *
 * Weights barely move (lr per step), so they are compared on the scale of the movement, lr * updates: an error of 1 is
 * as large as the whole movement. Adam's step is nearly the sign of the gradient. So if a gradient is close to zero,
 * float32 noise may reverse the step of a single weight, which proves nothing. Two things are checked instead:
 * - The mean and the rms over all values of a tensor agree. Reversed steps cancel in them. A missing weight decay
 *   changes the rms (it moves weights along themselves), and a wrong step size or a lost update changes both.
 * - All but a few in a hundred of the points agree. A wrong moment or epsilon moves many of them.
 */
import type { NamedTensors } from "../interop/safetensors.js";
import { coordinate, Largest, moments, type Quantity, type Summary } from "./compare.js";

export const WEIGHT_GROUPS = ["weights: mean, rms", "weights: points"] as const;

/** Relative to lr * updates. */
export const WEIGHT_TOLERANCES = { mean: 0.01, points: 0.02 } as const;
/** The share of points whose step may have been reversed. */
const TURNED_SHARE = 0.01;

/**
 * @param golden by name
 * @param after  our weights, in PyTorch's layout
 * @param way    lr * updates, the largest movement of a weight
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
  // NaN is sorted to the end, as the largest error.
  points.sort((a, b) => (Number.isNaN(a.error) ? 1 : Number.isNaN(b.error) ? -1 : a.error - b.error));
  const allowed = points[Math.max(0, Math.ceil(points.length * (1 - TURNED_SHARE)) - 1)];
  if (allowed !== undefined) {
    const [, group] = WEIGHT_GROUPS;
    quantities.push({ group, name: "99 of 100 points after", ...allowed, tolerance: WEIGHT_TOLERANCES.points });
  }
  return quantities;
}
