/** Choices of a method on the command line, as NAME=VALUE. */
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import { formatChoice } from "../methods/choice-words.js";
import type { RecipeBook } from "../methods/recipe.js";
import { suggest } from "../suggest.js";

/** The schemas of a method's choices by their names, those of the networks first. */
export function schemasOf({ network, training }: RecipeBook): ReadonlyMap<string, z.ZodType> {
  return new Map(Object.entries({ ...network.shape, ...training.shape }) as [string, z.ZodType][]);
}

const SWITCHES: Readonly<Record<string, boolean>> = { on: true, off: false };
const words = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** What the JSON schema of a choice says about its values. */
const describedSchema = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  anyOf: z.array(z.object({ const: z.number() })).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
});

/** The values that a choice takes, for messages: "relu or leaky-relu", "a number, at least 0 and below 1". */
function describeValues(schema: z.ZodType): string {
  const described = describedSchema.parse(z.toJSONSchema(schema));
  const { type, minimum, exclusiveMinimum = 0, maximum, exclusiveMaximum } = described;
  if (type === "boolean") return "on or off";
  if (described.enum !== undefined) return words.format(described.enum);
  if (described.anyOf !== undefined) return words.format(described.anyOf.map((value) => `${value.const}`));
  if (type === "integer") return `an integer of at least ${minimum ?? exclusiveMinimum + 1}`;
  const low = minimum === undefined ? `above ${exclusiveMinimum}` : `at least ${minimum}`;
  if (maximum !== undefined) return `a number, ${low} and at most ${maximum}`;
  return exclusiveMaximum === undefined ? `a number, ${low}` : `a number, ${low} and below ${exclusiveMaximum}`;
}

/** @throws InputError when the text is not NAME=VALUE with a known name and a value that the choice takes */
function parseChoice(text: string, schemas: ReadonlyMap<string, z.ZodType>): readonly [name: string, value: unknown] {
  const names = [...schemas.keys()];
  const at = text.indexOf("=");
  if (at < 0) {
    const remedy = `Write a choice as in ${schemas.has(text) ? text : "r1Every"}=...`;
    throw new InputError(
      describeMismatch("--set", "NAME=VALUE", `'${text}'`, `${remedy}; docs/training.md lists them.`),
    );
  }
  const [name, word] = [text.slice(0, at), text.slice(at + 1)];
  const schema = schemas.get(name);
  if (schema === undefined) {
    const meant = suggest(name, names);
    const remedy = meant === null ? `Choices are ${names.join(", ")}.` : `Did you mean ${meant}?`;
    throw new InputError(describeMismatch("--set", "the name of a choice before '='", `'${text}'`, remedy));
  }
  // Number("") is 0, which nobody means.
  const candidates = [SWITCHES[word], word.trim() === "" ? undefined : Number(word), word];
  for (const candidate of candidates) {
    // An undefined value would be replaced by the choice's default.
    if (candidate === undefined) continue;
    const parsed = schema.safeParse(candidate);
    if (parsed.success) return [name, parsed.data];
  }
  const remedy = "docs/training.md explains every choice.";
  throw new InputError(describeMismatch(`--set ${name}`, describeValues(schema), `'${word}'`, remedy));
}

/**
 * The choices of --set.
 * @param texts such as ["mask=off", "r1Every=16"]
 * @throws InputError for a text that is not a choice, and for a choice with two values
 */
export function parseChoices(texts: readonly string[], book: RecipeBook): ReadonlyMap<string, unknown> {
  const schemas = schemasOf(book);
  const chosen = new Map<string, unknown>();
  for (const text of texts) {
    const [name, value] = parseChoice(text, schemas);
    if (chosen.has(name)) {
      const received = `${formatChoice(chosen.get(name))} and ${formatChoice(value)}`;
      throw new InputError(describeMismatch(`--set ${name}`, "one value", received, "Remove one of them."));
    }
    chosen.set(name, value);
  }
  return chosen;
}
