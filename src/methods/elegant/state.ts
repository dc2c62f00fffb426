/** ELEGANT's part of a training's state, under the paper's names. */
import { disposeOptimizer, type OptimizerState } from "../../nn/optimizer.js";
import { disposeParameters, type Parameters } from "../../nn/parameters.js";
import type { ModelConfig } from "./config.js";

export interface ElegantState {
  readonly config: ModelConfig;
  /** Optimizer of Enc and Dec. */
  readonly generator: OptimizerState;
  /** Exponential moving average of Enc and Dec; null if none is kept. */
  readonly average: Parameters | null;
  /** Optimizer of D1 and D2. */
  readonly discriminator: OptimizerState;
}

/** Frees the variables of all networks, their optimizers and the average. */
export function disposeState({ generator, discriminator, average }: ElegantState): void {
  for (const optimizer of [generator, discriminator]) disposeOptimizer(optimizer);
  if (average !== null) disposeParameters(average);
}
