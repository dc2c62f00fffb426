/** `elegant import FILE... --out RUN`: turns weights from elsewhere into a run for editing and training. */
import { basename } from "node:path";
import type { Command } from "commander";
import { type CommandContext, type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";

interface Options extends CommonOptions<"seed"> {
  readonly out: string;
  readonly attributes?: readonly string[];
  readonly size?: number;
}

const HELP = `
FILES are those of the published code, in any order: Enc_iter_N.pth, Dec_iter_N.pth and, to train on, D1_iter_N.pth and
D2_iter_N.pth; nothing in them is run. One file may hold several networks, and .safetensors files of the same
tensors do as well. Or give one .safetensors file that 'elegant export' wrote, or a checkpoint.
The step is N. Adam's moments were never published: they start at zero. Missing discriminators start fresh from --seed.

Example:
  elegant import Enc_iter_200000.pth Dec_iter_200000.pth D1_iter_200000.pth D2_iter_200000.pth \\
    --attributes Bangs Smiling --out runs/official
  elegant swap --model runs/official --input b.png --attribute Bangs --reference a.png --out swapped`;

export function registerImport(program: Command): void {
  withCommonOptions(program.command("import <files...>"), ["seed"])
    .description("make a run of the published code's .pth files or of a .safetensors file")
    .requiredOption("--out <run>", "a new or empty folder")
    .option("--attributes <names...>", "names in the order of training, which .pth files do not hold")
    .option(
      "--size <n>",
      "side of the pictures; needed for .pth files without discriminators (default: 256)",
      integer(1),
    )
    .addHelpText("after", HELP)
    .action(async (files: string[], options: Options) => {
      await runCommand(options, (context) => importModel(files, options, context));
    });
}

async function importModel(files: readonly string[], options: Options, context: CommandContext): Promise<void> {
  const { describeMismatch, InputError } = await import("../errors.js");
  const { expectFreshFolder, importRun } = await import("../training/run.js");
  const { out, seed } = options;
  await expectFreshFolder(out, "Choose another --out.");
  const own = await findOwn(files);
  if (own !== null && (files.length > 1 || options.attributes !== undefined || options.size !== undefined)) {
    const received = files.length > 1 ? `${files.length} files` : "--attributes or --size";
    const remedy = "It holds its own configuration.";
    throw new InputError(describeMismatch("import", "a .safetensors file alone", received, remedy));
  }
  const model = own === null ? await readStateDicts(files, options) : await readOwn(own);
  for (const warning of model.warnings) context.print(warning);
  const { checkpoint, fresh } = await importRun(out, model, seed);
  if (fresh) context.print(`No discriminators: new ones were drawn from --seed ${seed}; they learn from the start.`);
  context.print(
    `${checkpoint}: ${model.model.description}, ${model.model.config.attributes.join(", ")}, step ${model.step}`,
  );
  context.print(
    "Adam's moments start at zero; a training that continues from here differs from one that never stopped.",
  );
  context.printJson({ run: out, checkpoint, step: model.step, config: model.model.config, freshDiscriminators: fresh });
}

async function readBytes(file: string): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  const { fromSystemError } = await import("../errors.js");
  return readFile(file).catch((error: unknown) => {
    throw fromSystemError(error, `Reading '${file}'`);
  });
}

const isSafetensors = (file: string): boolean => file.endsWith(".safetensors");

/** The first file that was made by elegant, which contains its own configuration. */
async function findOwn(files: readonly string[]): Promise<string | null> {
  const { decodeSafetensors } = await import("../interop/safetensors.js");
  const { GENERATOR_FORMAT } = await import("../models/generator-file.js");
  const { CHECKPOINT_FORMAT } = await import("../models/checkpoint.js");
  for (const file of files.filter(isSafetensors)) {
    const { format } = decodeSafetensors(await readBytes(file), file).metadata;
    if (format === GENERATOR_FORMAT || format === CHECKPOINT_FORMAT) return file;
  }
  return null;
}

async function readOwn(file: string) {
  const { readModel } = await import("../models/open.js");
  return readModel(file);
}

async function readStateDicts(files: readonly string[], { attributes, size }: Options) {
  const pth = await import("../interop/pth.js");
  const { decodeSafetensors } = await import("../interop/safetensors.js");
  const { readPublished } = await import("../methods/elegant/published.js");
  const { elegantModel } = await import("../methods/elegant/model.js");
  const read = await Promise.all(
    files.map(async (file) => {
      const bytes = await readBytes(file);
      const tensors = isSafetensors(file)
        ? decodeSafetensors(bytes, file).tensors
        : pth.toNamedTensors(pth.decodePth(bytes, file));
      return { source: basename(file), tensors };
    }),
  );
  const { config, ...model } = readPublished(read, attributes, size);
  return { ...model, model: elegantModel(config), warnings: [] };
}
