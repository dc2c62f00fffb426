/** The options of `elegant swap`, for its two modes. */
import { describeMismatch, InputError } from "../errors.js";
import { type EditingOptions, wrongCount } from "./editing.js";
import type { PartOption } from "./part.js";
import type { PlannedOptions } from "./planned.js";

export interface SwapCommand extends EditingOptions, PlannedOptions, PartOption {
  readonly input: readonly string[];
  readonly attribute: readonly string[];
  readonly reference: readonly string[];
  readonly pasteBack: boolean;
  readonly minScore: number;
}

/** One reference for each attribute. @throws InputError for another number, or an attribute named twice */
export function pairReferences(attributes: readonly string[], references: readonly string[]): readonly string[] {
  const twice = attributes.find((name, i) => attributes.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError(describeMismatch("--attribute", "each one once", `'${twice}' twice`, "Remove one of them."));
  }
  const n = attributes.length;
  if (references.length !== n && references.length !== 1) {
    const expected = n === 1 ? "1 face for 1 attribute" : `${n} faces for ${n} attributes, or 1 for all`;
    throw wrongCount("--reference", expected, references);
  }
  return attributes.map((_, i) => references[references.length === 1 ? 0 : i]);
}
