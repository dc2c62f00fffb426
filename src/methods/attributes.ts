/** Attributes by their names. */
import { describeMismatch, InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import type { MethodConfig } from "./method.js";

/**
 * The position of an attribute in the model.
 * @param option the option that names the attribute, for the message
 * @throws InputError when the model does not have it
 */
export function attributeIndex(config: Pick<MethodConfig, "attributes">, name: string, option = "attribute"): number {
  const index = config.attributes.indexOf(name);
  if (index >= 0) return index;
  const meant = suggest(name, config.attributes);
  const remedy = meant === null ? "This model was trained on those only." : `Did you mean ${meant}?`;
  throw new InputError(describeMismatch(option, `one of ${config.attributes.join(", ")}`, `'${name}'`, remedy));
}
