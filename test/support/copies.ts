/** Saves parameters and optimizers as files would hold them, and restores them. */
import type { OptimizerState } from "../../src/nn/optimizer.js";
import { downloadParameters, type ParameterSpec, type Parameters, uploadParameters } from "../../src/nn/parameters.js";

export async function restoreParameters(specs: readonly ParameterSpec[], parameters: Parameters): Promise<Parameters> {
  return uploadParameters(specs, await downloadParameters(specs, parameters), "test");
}

export async function restoreOptimizer(
  specs: readonly ParameterSpec[],
  { parameters, first, second, updates }: OptimizerState,
): Promise<OptimizerState> {
  return {
    parameters: await restoreParameters(specs, parameters),
    first: await restoreParameters(specs, first),
    second: await restoreParameters(specs, second),
    updates,
  };
}
