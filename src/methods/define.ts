/** Puts a method together from a function of its configuration, and the groups of a model from its lists of parameters. */
import type { z } from "zod";
import type { NamedTensors } from "../interop/safetensors.js";
import type { ParameterSpec } from "../nn/parameters.js";
import type { Method, MethodConfig, Model } from "./method.js";
import { parseFields, parseOptions } from "./parse.js";
import type { ReadPublished } from "./published.js";

/**
 * Makes a method whose models are determined by their configurations.
 * @param schema of a configuration, as files contain it
 */
export function defineMethod<Config extends MethodConfig>(
  name: string,
  schema: z.ZodType<Config>,
  modelOf: (config: Config) => Model,
  readPublished: ReadPublished | null,
): Method {
  return {
    name,
    create: (options) => modelOf(parseOptions(schema, { ...options, method: name })),
    parse: (config, source) => modelOf(parseFields(schema, config, source)),
    readPublished,
  };
}

/**
 * Makes the members of a model that its groups of parameters determine.
 * @param lists   the parameters of each group for a configuration, in the model's order
 * @param initial the values with which a group begins
 */
export function groupsOf<Config>(
  config: Config,
  lists: Readonly<Record<string, (config: Config) => readonly ParameterSpec[]>>,
  initial: (specs: readonly ParameterSpec[], seed: number) => NamedTensors,
): Pick<Model, "groups" | "specs" | "initial"> {
  const specs = (group: string) => lists[group](config);
  return { groups: Object.keys(lists), specs, initial: (group, seed) => initial(specs(group), seed) };
}
