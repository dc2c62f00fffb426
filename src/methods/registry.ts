/** The methods that there are, and the models that files describe. */
import { describeMismatch, InputError } from "../errors.js";
import { CYCLEGAN } from "./cyclegan/model.js";
import { DNAGAN } from "./dnagan/model.js";
import { ELEGANT } from "./elegant/model.js";
import type { Method, Model, ModelOptions } from "./method.js";
import { STARGAN } from "./stargan/model.js";
import { UNIT } from "./unit/model.js";

const METHODS = new Map<string, Method>(
  [ELEGANT, UNIT, CYCLEGAN, STARGAN, DNAGAN].map((method) => [method.name, method]),
);

/** Adds a method, so that its checkpoints and generator files can be opened. */
export function registerMethod(method: Method): void {
  METHODS.set(method.name, method);
}

/** Makes a model of a method for a new run. @throws InputError that names the option that does not fit */
export function createModel(method: string, options: ModelOptions): Model {
  return methodOf(method).create(options);
}

/** Returns a method; an unknown name is a bug in elegant-faces. */
export function methodOf(name: string): Method {
  const found = METHODS.get(name);
  if (found === undefined) throw new Error(`methods: no '${name}'`);
  return found;
}

/**
 * Reads the configuration that a model file carries as JSON.
 * @param source names the file in the message
 * @throws InputError when it is missing, damaged, or of a method that this version does not know
 */
export function parseModel(text: string | undefined, source: string): Model {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "null");
  } catch {
    value = null;
  }
  if (typeof value !== "object" || value === null) {
    const received = text === undefined ? "none" : "no JSON object";
    const remedy = "The file is damaged; fetch it again.";
    throw new InputError(describeMismatch(`${source}: config`, "a model's configuration", received, remedy));
  }
  // Files from before there were other methods do not name theirs.
  const { method: name = ELEGANT.name } = value as { readonly method?: unknown };
  const method = typeof name === "string" ? METHODS.get(name) : undefined;
  if (method === undefined) {
    const known = [...METHODS.keys()].join(", ");
    const remedy = "Use the version of elegant-faces that wrote the file.";
    throw new InputError(describeMismatch(`${source}: method`, `one of ${known}`, JSON.stringify(name), remedy));
  }
  return method.parse(value, source);
}
