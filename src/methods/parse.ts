/** Checks configurations and settings: of files, and of new runs from a user's options. Every method uses these. */
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";

const SIZES = [64, 128, 256] as const;
export const MAX_WIDTH = 128;

/** What the configuration of every method's networks has. */
export const networkFields = {
  /** Side of the square images in pixels. */
  size: z.union(SIZES.map((size) => z.literal(size))),
  /** Channels of the first layer. */
  width: z.number().int().min(4).max(MAX_WIDTH).multipleOf(4),
  /** Names of the attributes, in the model's order. */
  attributes: z.array(z.string().min(1)).min(1),
};

/** The attributes of a method that trains a model for each attribute. */
export const oneAttribute = z
  .array(z.string().min(1))
  .length(1, "expected one name, since this method trains a model for each attribute");

/** What the settings of every method's training have. They must stay the same when a run is resumed. */
export const runFields = {
  batch: z.number().int().positive(),
  seed: z.number().int().nonnegative(),
  dataset: z.string(),
};

/** Choices of every training with Adam. */
export const adamFields = {
  /** Adam's learning rate at the beginning. */
  learningRate: z.number().positive(),
  /** Decay rates of Adam's moments. */
  beta1: z.number().nonnegative().lt(1),
  beta2: z.number().nonnegative().lt(1),
};

/** Choices that do not depend on a method's losses. */
export const averageAndFlip = {
  /** Decay per update of the generator's exponential moving average; with 0 no average is kept. */
  ema: z.number().nonnegative().lt(1),
  /** Whether each training image is mirrored with probability 1/2. */
  flip: z.boolean(),
};

/**
 * Checks the configuration in a model file.
 * @param source the file's name for the message
 * @throws InputError if it is not a valid configuration
 */
export function parseFields<Schema extends z.ZodType>(
  schema: Schema,
  config: unknown,
  source: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const remedy = "The file is damaged; fetch it again.";
  throw new InputError(
    describeMismatch(`${source}: config`, "size, width and attributes", `${path.join(".")}: ${message}`, remedy),
  );
}

/** Checks a user's options for a new model. @throws InputError that names the option that does not fit */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  options: Readonly<Record<string, unknown>> & { readonly attributes: readonly string[] },
): z.infer<Schema> {
  const { attributes } = options;
  const twice = attributes.find((name, i) => attributes.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError(describeMismatch("--attributes", "each name once", `'${twice}' twice`, "Remove one."));
  }
  const parsed = schema.safeParse({ ...options, attributes: [...attributes] });
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new InputError(`--${String(path[0])}: ${message}. See elegant train --help.`);
}

/**
 * Checks the settings in a checkpoint. Choices that its version did not have get their defaults.
 * @param source the file's name for the message
 * @throws InputError if an earlier version wrote settings that this one does not know
 */
export function parseRunSettings<Schema extends z.ZodType>(
  schema: Schema,
  saved: unknown,
  source: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(saved);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const remedy = "It can be used for editing; to train on, start a new run.";
  const received = `settings of an earlier version (${path.join(".")}: ${message})`;
  throw new InputError(describeMismatch(`${source}: settings`, "those of this version", received, remedy));
}
