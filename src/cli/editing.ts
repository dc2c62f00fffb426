/** The common parts of swap, edit, linear and matrix: options, checks before anything is written, and the opened model. */
import { constants } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import type { Device } from "../device/device.js";
import { describeMismatch, InputError, rethrowAs } from "../errors.js";
import type { FoundModel, Generator } from "../models/generator.js";
import { locateModel, SHIPPED_MODELS } from "../models/shipped.js";
import type { RgbaImage } from "../types.js";
import type { CommandContext, CommonOptions } from "./command.js";
import { withCommonOptions } from "./command.js";
import { openDeviceFor } from "./device.js";

export interface EditingOptions extends CommonOptions<"workers" | "device">, OverwriteOption {
  readonly model: string;
  readonly out: string;
}

export interface OverwriteOption {
  readonly overwrite: boolean;
}

/** Adds --overwrite. */
export function withOverwrite(command: Command): Command {
  return command.option("--overwrite", "replace existing files", false);
}

/**
 * @param option the option that sets their place
 * @throws InputError if one of the files exists, unless --overwrite was given
 */
export async function refuseExisting(paths: readonly string[], option: string, overwrite: boolean): Promise<void> {
  if (overwrite) return;
  for (const path of paths) {
    const found = await lstat(path).catch(() => null);
    if (found === null) continue;
    const expected = "a path that does not exist";
    const remedy = `Choose another ${option}, or pass --overwrite.`;
    throw new InputError(describeMismatch(`${option} ${path}`, expected, "an existing file", remedy));
  }
}

export function withEditingOptions(command: Command, out: "--out <dir>" | "--out <file>"): Command {
  const shipped = Object.keys(SHIPPED_MODELS).join(", ");
  return withOverwrite(withCommonOptions(command, ["workers", "device"]))
    .requiredOption("--model <path>", `a run's folder, a checkpoint, a generator file or a shipped model (${shipped})`)
    .requiredOption(out, out === "--out <dir>" ? "folder of the results" : "PNG file of the result");
}

/** The images of `paths` in their order. A file that is named more than once is read once. */
export async function readPictures(paths: readonly string[]): Promise<RgbaImage[]> {
  const { readPicture } = await import("../image/picture-files.js");
  const known = new Map<string, RgbaImage>();
  const pictures: RgbaImage[] = [];
  for (const path of paths) {
    const picture = known.get(path) ?? (await readPicture(path));
    known.set(path, picture);
    pictures.push(picture);
  }
  return pictures;
}

/** The error for an option with another number of values than the mode accepts. */
export function wrongCount(option: string, expected: string, values: readonly string[]): InputError {
  return new InputError(describeMismatch(option, expected, String(values.length), "Add --help for an example."));
}

/**
 * Checks that files can be written to a folder, which may not exist yet, and that none of them is an input.
 * @throws InputError otherwise
 */
export async function checkOutputs(
  folder: string,
  outputs: readonly string[],
  inputs: readonly string[],
  option = "--out",
): Promise<void> {
  const taken = new Set(inputs.map((path) => resolve(path)));
  const overwritten = outputs.find((path) => taken.has(resolve(path)));
  if (overwritten !== undefined) {
    throw new InputError(
      describeMismatch(option, "a place other than the inputs", overwritten, "It would overwrite one; choose another."),
    );
  }
  // The nearest existing part of the path must be a folder that we may write to.
  for (let path = resolve(folder); ; path = dirname(path)) {
    const found = await stat(path).catch(() => null);
    if (found === null && path !== dirname(path)) continue;
    if (found?.isDirectory() !== true) {
      throw new InputError(describeMismatch(option, "a folder", `the file ${path}`, "Choose another place."));
    }
    return access(path, constants.W_OK).catch(rethrowAs(`Cannot write to '${path}'`));
  }
}

/** Checks a single file like checkOutputs(). @throws InputError for the path of a folder, too */
export async function checkOutputFile(path: string, option: string, inputs: readonly string[] = []): Promise<void> {
  if ((await stat(path).catch(() => null))?.isDirectory() === true) {
    throw new InputError(describeMismatch(option, "a file", `the folder ${path}`, "Name a file in it."));
  }
  await checkOutputs(dirname(path), [path], inputs, option);
}

/** Checks a single image file like checkOutputFile() and refuseExisting(). */
export async function checkPictureOutput(
  out: string,
  inputs: readonly string[],
  overwrite: boolean,
  option = "--out",
): Promise<void> {
  if (extname(out).toLowerCase() !== ".png") {
    throw new InputError(describeMismatch(option, "a file named *.png", `'${out}'`, "Give it that ending."));
  }
  await checkOutputFile(out, option, inputs);
  await refuseExisting([out], option, overwrite);
}

/**
 * `<input>-<Attribute+Attribute>.png` in `folder`, for each input. Inputs of the same name from different folders are
 * numbered, and characters that a file name cannot contain become `_`.
 * @param edits attributes, or attributes with their values: "Bangs=1"
 */
export function nameOutputs(folder: string, inputs: readonly string[], edits: readonly string[]): string[] {
  const used = new Set<string>();
  const ending = edits.map((name) => name.replace(/[^\p{L}\p{N}._=-]/gu, "_")).join("+");
  return inputs.map((path) => {
    const stem = basename(path, extname(path));
    let name = `${stem}-${ending}.png`;
    for (let copy = 2; used.has(name); copy++) name = `${stem}-${copy}-${ending}.png`;
    used.add(name);
    return join(folder, name);
  });
}

/** The run's folder if a model is one, otherwise null. A short name never means a folder of that name. */
export async function runFolderOf(model: string): Promise<string | null> {
  const { path } = locateModel(model);
  return (await stat(path).catch(() => null))?.isDirectory() === true ? path : null;
}

/** The tools of an editing command. They are loaded late, because TensorFlow.js takes most of a second. */
export interface Editor {
  readonly generator: Generator;
  readonly device: Device;
}

/**
 * Opens device and model for edits by references, runs `body`, and closes both, even if `body` throws.
 * @param faces number of faces that go through the model at the same time
 * @throws InputError if the model cannot be read, edits without references or does not have one of the attributes
 */
export async function withEditor(
  options: EditingOptions,
  attributes: readonly string[],
  faces: number,
  context: CommandContext,
  body: (editor: Editor) => Promise<void>,
): Promise<void> {
  const { readModel } = await import("../models/open.js");
  const found = await readModel(options.model);
  await expectExemplar(found, attributes);
  await withModel(found, options, faces, context, body);
}

/** @throws InputError if the model edits without references or does not have one of the attributes */
export async function expectExemplar(found: FoundModel, attributes: readonly string[]): Promise<void> {
  const { attributeIndex } = await import("../methods/attributes.js");
  const { exemplarOf } = await import("../editing/faces.js");
  exemplarOf(found);
  for (const attribute of attributes) attributeIndex(found.model.config, attribute);
}

/**
 * Opens the device, puts a model on it, runs `body`, and closes both, even if `body` throws.
 * @param faces number of faces that go through the model at the same time
 * @throws InputError if the model's tensors do not fit its configuration
 */
export async function withModel(
  found: FoundModel,
  options: Pick<EditingOptions, "model" | "workers" | "device" | "verbose" | "json" | "quiet">,
  faces: number,
  context: CommandContext,
  body: (editor: Editor) => Promise<void>,
): Promise<void> {
  const { deviceWords } = await import("../device/node/announce.js");
  const { uploadGenerator } = await import("../models/generator.js");
  const device = await openDeviceFor(({ editTrial }) => editTrial(options.model, faces), options, context);
  try {
    const generator = uploadGenerator(found);
    const { source, warnings } = generator;
    try {
      for (const warning of warnings) context.print(warning);
      context.print(`model ${source}${await deviceWords(device, options)}`);
      await body({ generator, device });
    } finally {
      generator.dispose();
    }
  } finally {
    await device.close();
  }
}

/** Milliseconds since `start`, a value of performance.now(). */
export function millisecondsSince(start: number): number {
  return Math.round((performance.now() - start) * 10) / 10;
}
