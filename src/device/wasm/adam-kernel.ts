/** The kernel of ../ops/adam.ts. */
import { util } from "@tensorflow/tfjs-core";
import { ADAM, type AdamInputs, type AdamScalars } from "../ops/adam.js";
import { type KernelTable, typedKernel } from "./kernel-helpers.js";

/** Values of one block. */
const BLOCK_VALUES = 16384;

/** Changes parameter and moments in place, so it returns nothing. */
const adam = typedKernel<AdamInputs, AdamScalars>((backend, { parameter, first, second, gradient }, { scalars }) => {
  const pointers = [parameter, first, second, gradient].map((t) => backend.pointerOf(t));
  const count = util.sizeFromShape(parameter.shape);
  backend.team.run("adam", [...pointers, count, ...scalars, BLOCK_VALUES], Math.ceil(count / BLOCK_VALUES));
  return [];
});

export const ADAM_KERNEL: KernelTable = { [ADAM]: adam };
