/** The kernel of ../ops/rmsprop.ts. */
import { util } from "@tensorflow/tfjs-core";
import { RMSPROP, type RmspropInputs, type RmspropScalars } from "../ops/rmsprop.js";
import { type KernelTable, typedKernel } from "./kernel-helpers.js";

/** Values of one block. */
const BLOCK_VALUES = 16384;

/** Changes parameter and moment in place, so it returns nothing. */
const rmsprop = typedKernel<RmspropInputs, RmspropScalars>((backend, { parameter, second, gradient }, { scalars }) => {
  const pointers = [parameter, second, gradient].map((t) => backend.pointerOf(t));
  const count = util.sizeFromShape(parameter.shape);
  backend.team.run("rmsprop", [...pointers, count, ...scalars, BLOCK_VALUES], Math.ceil(count / BLOCK_VALUES));
  return [];
});

export const RMSPROP_KERNEL: KernelTable = { [RMSPROP]: rmsprop };
