/** `elegant import FILE... --out RUN`: turns weights from elsewhere into a run for editing and training. */
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { METHOD_NAMES } from "../methods/recipes.js";
import { type CommandContext, type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";

interface Options extends CommonOptions<"seed"> {
  readonly out: string;
  readonly attributes?: readonly string[];
  readonly size?: number;
  readonly method?: string;
}

const HELP = `
FILES are files of the published code, in any order. Nothing in them is executed. The discriminators, in brackets, are needed only to
continue the training; missing ones are initialized from --seed.
  elegant   Enc_iter_N.pth, Dec_iter_N.pth [D1_iter_N.pth, D2_iter_N.pth]
  stargan   N-G.ckpt [N-D.ckpt]
  cyclegan  latest_net_G_A.pth, latest_net_G_B.pth [latest_net_D_A.pth, latest_net_D_B.pth]; domain A has the attribute
  unit      gen_N.pkl [dis_N.pkl], of the branch version_02
The published code of dnagan is written for TensorFlow 1, whose files cannot be imported.

A file of elegant may contain several networks, and a .safetensors file with the same tensors works as well. Without --method, FILES
is a single .safetensors file that elegant export wrote, or a checkpoint, of any method.

The step of the run is N, for cyclegan the N of iter_N_net_G_A.pth. Without such a number it is 0, since epochs are not steps. Adam's
moments start at zero, because they were never published.

Examples:
  elegant import Enc_iter_200000.pth Dec_iter_200000.pth D1_iter_200000.pth D2_iter_200000.pth \\
    --attributes Bangs Smiling --out runs/official
  elegant swap --model runs/official --input b.png --attribute Bangs --reference a.png --out swapped
  elegant import 200000-G.ckpt 200000-D.ckpt --method stargan \\
    --attributes Black_Hair Blond_Hair Brown_Hair Male Young --out runs/stargan`;

export function registerImport(program: Command): void {
  withCommonOptions(program.command("import <files...>"), ["seed"])
    .description("make a run of the published code's PyTorch files or of a .safetensors file")
    .requiredOption("--out <run>", "folder of the run, which must be new or empty")
    .addOption(
      new Option("--method <name>", "system that the files belong to (default: elegant)").choices(METHOD_NAMES),
    )
    .option("--attributes <names...>", "attributes in the order of training; PyTorch's files do not contain them")
    .option(
      "--size <n>",
      "side of the images, if the files do not give it (default: 256 for elegant and cyclegan, 128 for stargan and unit)",
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
  const described = [options.attributes, options.size, options.method].some((option) => option !== undefined);
  if (own !== null && (files.length > 1 || described)) {
    const received = files.length > 1 ? `${files.length} files` : "--attributes, --size or --method";
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

async function readStateDicts(files: readonly string[], { attributes, size, method: name = "elegant" }: Options) {
  const { describeMismatch, InputError } = await import("../errors.js");
  const pth = await import("../interop/pth.js");
  const { decodeSafetensors } = await import("../interop/safetensors.js");
  const { methodOf } = await import("../methods/registry.js");
  const method = methodOf(name);
  if (method.readPublished === null) {
    const remedy = "Import a .safetensors file that 'elegant export' wrote, without --method.";
    throw new InputError(describeMismatch("--method", "one whose published code saves PyTorch's files", name, remedy));
  }
  const read = await Promise.all(
    files.map(async (file) => {
      const bytes = await readBytes(file);
      const tensors = isSafetensors(file)
        ? decodeSafetensors(bytes, file).tensors
        : pth.toNamedTensors(pth.decodePth(bytes, file));
      return { source: basename(file), tensors };
    }),
  );
  const { config, ...model } = method.readPublished(read, { attributes, size });
  for (const [tensor, { data }] of model.tensors) {
    if (data.every(Number.isFinite)) continue;
    const remedy = "The training diverged or the file is damaged; choose another one.";
    throw new InputError(describeMismatch(`import: ${tensor}`, "finite values", "NaN or infinity", remedy));
  }
  return { ...model, model: method.parse(config, "import"), warnings: [] };
}
