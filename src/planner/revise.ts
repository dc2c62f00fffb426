/** Decides from numbers alone whether measured times still fit the plan, and makes the plan that fits them. */
import { plan } from "./plan.js";
import type { Limits, Machine, Measured, Plan, Stage } from "./types.js";

/** Share by which a place may be slower or faster than predicted before it gets a new plan. */
export const TOLERANCE = 0.3;

export interface Revision {
  /** The stages with the measured costs. */
  readonly stages: readonly Stage[];
  readonly plan: Plan;
  /** Description of the difference, in words. */
  readonly reason: string;
}

/**
 * Makes a new plan from measured costs; null while every place's time is within 30 % of the plan's. Single stages may
 * differ by more: only their sum counts, and short stages are measured badly.
 */
export function revise(
  stages: readonly Stage[],
  current: Plan,
  measured: Measured,
  machine: Machine,
  limits: Limits,
): Revision | null {
  const reasons: string[] = [];
  const ratios = new Map<string, number>();
  for (const place of ["pool", "device"] as const) {
    let [predicted, seen] = [0, 0];
    for (const { name, seconds } of current.stages.filter((stage) => stage.place === place)) {
      const found = measured.get(name);
      if (found === undefined) continue;
      predicted += seconds;
      seen += found;
      if (seconds > 0) ratios.set(name, found / seconds);
    }
    if (predicted === 0 || (seen <= predicted * (1 + TOLERANCE) && predicted <= seen * (1 + TOLERANCE))) continue;
    const milliseconds = (seconds: number): string => `${(seconds * 1000).toPrecision(3)} ms`;
    reasons.push(`the ${place} takes ${milliseconds(seen)} per item instead of ${milliseconds(predicted)}`);
  }
  if (reasons.length === 0) return null;
  const scaled = stages.map((stage): Stage => {
    const [{ cost }, ratio = 1] = [stage, ratios.get(stage.name)];
    return { ...stage, cost: { ...cost, seconds: cost.seconds * ratio, callSeconds: cost.callSeconds * ratio } };
  });
  return { stages: scaled, plan: plan(scaled, machine, limits), reason: reasons.join(", and ") };
}
