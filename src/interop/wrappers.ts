/** Removes the parts of tensor names that wrappers around a model have added. */
import { describeMismatch, InputError } from "../errors.js";
import type { NamedTensors } from "./safetensors.js";

/** Added by torch.nn.DataParallel and DistributedDataParallel, torch.compile, FSDP, and activation checkpointing. */
const WRAPPERS = new Set(["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]);
/** Counters that batch norm and torch.optim.swa_utils.AveragedModel store among the tensors. */
const COUNTER = /(^|\.)(num_batches_tracked|n_averaged)$/;

/**
 * The same tensors under the names of the model itself, for any wrappers in any order. Counters are left out.
 * @param source names the file in messages
 * @throws InputError if two tensors would get the same name
 */
export function withoutWrappers(tensors: NamedTensors, source: string): NamedTensors {
  const named: NamedTensors = new Map();
  for (const [key, tensor] of tensors) {
    if (COUNTER.test(key)) continue;
    const name = key
      .split(".")
      .filter((part) => !WRAPPERS.has(part))
      .join(".");
    if (named.has(name)) {
      const remedy = "Save the state_dict() of one model.";
      throw new InputError(describeMismatch(source, `one tensor '${name}'`, `another one as '${key}'`, remedy));
    }
    named.set(name, tensor);
  }
  return named;
}
