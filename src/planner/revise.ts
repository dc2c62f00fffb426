/** Whether what was measured still fits the plan, and the plan that fits it: decided from numbers alone. */
import { plan } from "./plan.js";
import type { Cost, Limits, Machine, Measured, Place, Plan, Stage } from "./types.js";

/** A place that is this much slower or faster than predicted is planned anew. */
export const TOLERANCE = 0.3;

export interface Revision {
  /** With the measured costs. */
  readonly stages: readonly Stage[];
  readonly plan: Plan;
  /** What differs, in words. */
  readonly reason: string;
}

/**
 * A new plan from measured costs; null while every place takes within 30 % of the time that the plan gives it. Single stages may
 * differ by more: what counts is their sum, and the small ones are measured badly.
 */
export function revise(
  stages: readonly Stage[],
  current: Plan,
  measured: Measured,
  machine: Machine,
  limits: Limits,
): Revision | null {
  const reasons: string[] = [];
  const ratios = new Map<string, Partial<Record<Place, number>>>();
  for (const place of ["pool", "device"] as const) {
    let [predicted, seen] = [0, 0];
    for (const { name, seconds, deviceShare } of current.stages) {
      const [expected, found] = [seconds[place], measured.get(name)?.[place]];
      if (expected === undefined || found === undefined) continue;
      const share = place === "device" ? deviceShare : 1 - deviceShare;
      predicted += share * expected;
      seen += share * found;
      if (expected > 0) ratios.set(name, { ...ratios.get(name), [place]: found / expected });
    }
    if (predicted === 0 || (seen <= predicted * (1 + TOLERANCE) && predicted <= seen * (1 + TOLERANCE))) continue;
    const milliseconds = (seconds: number): string => `${(seconds * 1000).toPrecision(3)} ms`;
    reasons.push(`the ${place} takes ${milliseconds(seen)} an item instead of ${milliseconds(predicted)}`);
  }
  if (reasons.length === 0) return null;
  const scaled = stages.map((stage): Stage => {
    const costs: Partial<Record<Place, Cost>> = { ...stage.costs };
    for (const place of ["pool", "device"] as const) {
      const [cost, ratio] = [costs[place], ratios.get(stage.name)?.[place]];
      if (cost === undefined || ratio === undefined) continue;
      costs[place] = { ...cost, seconds: cost.seconds * ratio, callSeconds: cost.callSeconds * ratio };
    }
    return { ...stage, costs };
  });
  return { stages: scaled, plan: plan(scaled, machine, limits), reason: reasons.join(", and ") };
}
