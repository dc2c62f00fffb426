/** The options of `elegant edit`: changes and labels as NAME=0|1, and the references that the changes need. */

import type { LabelChange } from "../editing/label-edits.js";
import { describeMismatch, InputError } from "../errors.js";
import type { EditNeeds, MethodConfig } from "../methods/method.js";
import type { CommonOptions } from "./command.js";
import { type OverwriteOption, wrongCount } from "./editing.js";

export interface EditCommand extends CommonOptions<"seed" | "workers" | "device">, OverwriteOption {
  readonly set: readonly string[];
  readonly out: string;
  readonly data?: string;
  readonly images?: string;
  readonly reference?: readonly string[];
  readonly labels?: readonly string[];
}

/** A change in the words of the command line: "Bangs=1". */
export function formatChange({ attribute, value }: LabelChange): string {
  return `${attribute}=${value}`;
}

/**
 * Reads values of attributes.
 * @param texts such as ["Bangs=1", "Eyeglasses=0"]
 * @throws InputError for a text of another form, and for an attribute that is there twice
 */
export function parseValues(option: string, texts: readonly string[]): readonly LabelChange[] {
  const changes: LabelChange[] = [];
  for (const text of texts) {
    const [, attribute, digit] = /^(.+)=([01])$/.exec(text) ?? [];
    if (attribute === undefined) {
      const remedy = "1 means with the attribute, 0 without it.";
      throw new InputError(describeMismatch(option, "NAME=0 or NAME=1", `'${text}'`, remedy));
    }
    if (changes.some((change) => change.attribute === attribute)) {
      const received = `'${attribute}' twice`;
      throw new InputError(describeMismatch(option, "each attribute once", received, "Remove one of them."));
    }
    changes.push({ attribute, value: digit === "1" ? 1 : 0 });
  }
  return changes;
}

/**
 * The labels of --labels in the order of the model's attributes, 0 or 1.
 * @throws InputError if the label of an attribute is missing
 */
export function completeLabels(
  values: readonly LabelChange[],
  { attributes }: Pick<MethodConfig, "attributes">,
): readonly number[] {
  return attributes.map((name) => {
    const found = values.find(({ attribute }) => attribute === name);
    if (found !== undefined) return found.value;
    const expected = `the labels of all attributes (${attributes.join(", ")})`;
    const remedy = `Add ${name}=1 if the faces have it, ${name}=0 if not.`;
    throw new InputError(describeMismatch("--labels", expected, `none of ${name}`, remedy));
  });
}

/**
 * Gives each change that needs a reference its file.
 * @param needs what each change needs
 * @param files the values of --reference, if any
 * @returns one for each change: a file, or null if the change needs none; null if --reference was not given
 * @throws InputError for another number of files, and for files that no change needs
 */
export function assignReferences(
  needs: readonly EditNeeds[],
  files: readonly string[] | undefined,
): readonly (string | null)[] | null {
  if (files === undefined) return null;
  const count = needs.filter((need) => need === "reference").length;
  if (count === 0) {
    const remedy = "This model makes these edits without a reference: omit --reference.";
    throw new InputError(describeMismatch("--reference", "none", `${files.length}`, remedy));
  }
  if (files.length !== count && files.length !== 1) {
    const expected = count === 1 ? "1 face for 1 edit" : `${count} faces for ${count} edits, or 1 for all`;
    throw wrongCount("--reference", expected, files);
  }
  const next = files.length === 1 ? Array.from({ length: count }, () => files[0]) : [...files];
  return needs.map((need) => (need === "reference" ? (next.shift() as string) : null));
}

/** The error for a change without a reference. */
export function missingReference(change: LabelChange): InputError {
  const expected = `a face ${change.value === 1 ? "with" : "without"} ${change.attribute} for --set ${formatChange(change)}`;
  const remedy = "Name one with --reference FACE, or let one be drawn from a data set with --data DATA.";
  return new InputError(describeMismatch("--reference", expected, "none", remedy));
}

/** The error for labels that the model does not use. */
export function needlessLabels(method: string): InputError {
  const remedy = `A model of ${method} does not edit by the labels of the inputs: omit --labels.`;
  return new InputError(describeMismatch("--labels", "none", "labels", remedy));
}

/** The error for a model that edits by labels, which are unknown. */
export function missingLabels(method: string, { attributes }: Pick<MethodConfig, "attributes">): InputError {
  const expected = `the faces' labels of all attributes, since ${method} edits by them`;
  const example = attributes.map((name) => `${name}=0`).join(" ");
  const remedy = `Give them as in --labels ${example}, or let a classifier decide them with --data DATA.`;
  return new InputError(describeMismatch("--labels", expected, "none", remedy));
}
