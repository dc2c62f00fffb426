/**
 * Turns a network's answers into probabilities. For each attribute, a factor and an offset are fitted to images that the
 * network did not learn from (Platt 1999), so that of the faces with probability 0.8 about 80 % have the attribute.
 */
import { OPEN } from "../dataset/lists.js";

/** p = 1 / (1 + exp(-(factor * answer + offset))) */
export interface Calibration {
  readonly factor: number;
  readonly offset: number;
}

const STEPS = 50;
const ENOUGH = 1e-9;
/** Weight of the wish that the answers stay as they are; it decides where there are few images. */
const PRIOR = 2;
const SMALLEST_FACTOR = 0.05;

export function probability({ factor, offset }: Calibration, answer: number): number {
  return 1 / (1 + Math.exp(-(factor * answer + offset)));
}

/**
 * Fits a calibration with Newton's method. Without known labels it is the identity.
 * @param answers one per image
 * @param labels  0, 1 or OPEN, one per image
 */
export function calibrate(answers: readonly number[], labels: readonly number[]): Calibration {
  let [factor, offset] = [1, 0];
  for (let step = 0; step < STEPS; step++) {
    let [g0, g1, h00, h01, h11] = [PRIOR * (factor - 1), PRIOR * offset, PRIOR, 0, PRIOR];
    for (const [i, answer] of answers.entries()) {
      if (labels[i] === OPEN) continue;
      const p = probability({ factor, offset }, answer);
      const [difference, curvature] = [p - labels[i], p * (1 - p)];
      g0 += difference * answer;
      g1 += difference;
      h00 += curvature * answer * answer;
      h01 += curvature * answer;
      h11 += curvature;
    }
    const determinant = h00 * h11 - h01 * h01;
    const [d0, d1] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
    factor = Math.max(SMALLEST_FACTOR, factor - d0);
    offset -= d1;
    if (Math.abs(d0) + Math.abs(d1) < ENOUGH) break;
  }
  return { factor, offset };
}
