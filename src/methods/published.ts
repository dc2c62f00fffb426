/**
 * What the files of published code have in common: a state dict for each network, whose keys lack the network's name.
 * Each method recognises its own networks (published.ts in its folder); the functions here turn them into our tensors.
 * ELEGANT's files can hold several networks, so it has functions of its own.
 */
import type { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import type { NamedTensors } from "../interop/safetensors.js";
import { withoutWrappers } from "../interop/wrappers.js";
import { matchParameters, type ParameterSpec } from "../nn/parameters.js";
import { parseOptions } from "./parse.js";

/** A file's tensors by its own names, in PyTorch's layout. */
export interface PublishedFile {
  /** The file's name without its folder, for messages. It also contains the step. */
  readonly source: string;
  readonly tensors: NamedTensors;
}

/** What files do not contain. An undefined field was not given. */
export interface PublishedOptions {
  /** Names of the attributes, in the order of training. */
  readonly attributes: readonly string[] | undefined;
  /** Side of the images in pixels. */
  readonly size: number | undefined;
}

/** A model of published files. */
export interface PublishedModel<Config = object> {
  readonly config: Config;
  /** Tensors of the editing networks, and of the discriminators if they were given, by our names. */
  readonly tensors: NamedTensors;
  /** The step in the files' names; 0 if they contain none. */
  readonly step: number;
}

/**
 * Makes one model from the files of its networks, in any order.
 * @throws InputError if a network is missing or given twice, if a tensor is missing, unknown or of another shape, or if
 * the options do not fit the networks
 */
export type ReadPublished = (files: readonly PublishedFile[], options: PublishedOptions) => PublishedModel;

/** A file whose network is known. */
export interface PublishedNetworkFile<Network extends string = string> extends PublishedFile {
  readonly network: Network;
}

/** Statistics that old versions of PyTorch store for each norm. The methods normalize each image by its own instead. */
const STATISTICS = /\.(running_mean|running_var)$/;

/**
 * Finds out which network each file contains.
 * @param networkOf returns the network's name, or null if the tensors are not of this method
 * @param expected  the files that would fit, for the message
 * @returns the tensors without the prefixes of wrappers and without statistics
 * @throws InputError for a file of something else
 */
export function recogniseFiles<Network extends string>(
  files: readonly PublishedFile[],
  networkOf: (tensors: NamedTensors, source: string) => Network | null,
  expected: string,
): readonly PublishedNetworkFile<Network>[] {
  return files.map(({ source, tensors }) => {
    const named = [...withoutWrappers(tensors, source)].filter(([name]) => !STATISTICS.test(name));
    const own: NamedTensors = new Map(named);
    const network = networkOf(own, source);
    if (network !== null) return { source, tensors: own, network };
    const received = `one with ${[...tensors.keys()].slice(0, 3).join(", ")}`;
    throw new InputError(describeMismatch(source, "a state dict of this method", received, `Give ${expected}.`));
  });
}

/**
 * Returns the file of a network, or null if there is none.
 * @throws InputError if there are several
 */
export function findNetwork<Network extends string>(
  files: readonly PublishedNetworkFile<Network>[],
  network: Network,
): PublishedNetworkFile<Network> | null {
  const found = files.filter((file) => file.network === network);
  if (found.length <= 1) return found[0] ?? null;
  const received = found.map(({ source }) => source).join(" and ");
  throw new InputError(describeMismatch("import", `one file of ${network}`, received, "Give each network once."));
}

/** Returns the file of a network. @throws InputError if there is none or if there are several */
export function expectNetwork<Network extends string>(
  files: readonly PublishedNetworkFile<Network>[],
  network: Network,
): PublishedNetworkFile<Network> {
  const found = findNetwork(files, network);
  if (found !== null) return found;
  throw new InputError(describeMismatch("import", `one file of ${network}`, "none", "Give each network once."));
}

/** Returns the attributes. @throws InputError if the user named none */
export function expectAttributes({ attributes }: PublishedOptions): readonly string[] {
  if (attributes !== undefined) return attributes;
  const remedy = "Name the attributes in the order of training, such as --attributes Bangs Smiling.";
  throw new InputError(describeMismatch("--attributes", "the names, which .pth files do not contain", "none", remedy));
}

/** Returns the shape [.., .., k, k] of a convolution's filters. @throws InputError if they are missing or not such */
export function filterShape({ source, tensors }: PublishedFile, key: string): readonly number[] {
  const shape = tensors.get(key)?.shape;
  if (shape?.length === 4) return shape;
  const received = shape === undefined ? "none" : `shape [${shape}]`;
  const remedy = "Is it of another version of the network?";
  throw new InputError(describeMismatch(source, `the filters of a convolution '${key}'`, received, remedy));
}

/**
 * Makes a configuration.
 * @param read   the fields that the networks' shapes give
 * @param chosen the fields that the user gives
 * @param source the file of those shapes
 * @throws InputError that names the option, or the file if it has a network that elegant-faces does not have
 */
export function readConfig<Schema extends z.ZodType>(
  schema: Schema,
  read: Readonly<Record<string, number | string>>,
  chosen: Readonly<Record<string, unknown>> & { readonly attributes: readonly string[] },
  source: string,
): z.infer<Schema> {
  const options = { ...chosen, ...read };
  const issue = schema.safeParse(options).error?.issues.find(({ path }) => Object.hasOwn(read, String(path[0])));
  if (issue === undefined) return parseOptions(schema, options);
  const field = String(issue.path[0]);
  const received = `${read[field]} (${issue.message})`;
  const remedy = "elegant-faces does not have this network; choose another file.";
  throw new InputError(describeMismatch(`${source}: ${field}`, "one that elegant-faces has", received, remedy));
}

/**
 * Returns the files' tensors under our names, and checks that each network is complete and has no others.
 * @param specs of all networks; a network's names begin with its name and a point
 * @throws InputError for a tensor that is missing, unknown or of another shape
 */
export function namedTensors(files: readonly PublishedNetworkFile[], specs: readonly ParameterSpec[]): NamedTensors {
  const all: NamedTensors = new Map();
  for (const { network, source, tensors } of files) {
    const own = specs.filter(({ name }) => name.startsWith(`${network}.`));
    const known = new Set(own.map(({ name }) => name));
    const named: NamedTensors = new Map();
    for (const [key, tensor] of tensors) {
      const name = `${network}.${key}`;
      if (!known.has(name)) {
        const remedy = "Is it of another version of the network?";
        throw new InputError(describeMismatch(source, `the tensors of ${network}`, `one named '${key}'`, remedy));
      }
      named.set(name, tensor);
    }
    for (const { spec, data } of matchParameters(own, named, source)) all.set(spec.name, { shape: spec.shape, data });
  }
  return all;
}

/**
 * Returns the step in the files' names, or 0 if they contain none.
 * @param pattern its first group is the step
 * @throws InputError if the files are of different steps
 */
export function stepOf(files: readonly PublishedFile[], pattern: RegExp): number {
  const steps = files.flatMap(({ source }) => {
    const step = pattern.exec(source)?.[1];
    return step === undefined ? [] : [{ source, step: Number(step) }];
  });
  const [first] = steps;
  if (first === undefined) return 0;
  const other = steps.find(({ step }) => step !== first.step);
  if (other === undefined) return first.step;
  const expected = `step ${first.step}, as in ${first.source}`;
  throw new InputError(describeMismatch(other.source, expected, `step ${other.step}`, "Give the files of one step."));
}
