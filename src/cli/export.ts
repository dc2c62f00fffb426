/** `elegant export MODEL DEST`: writes a run's networks for other tools. */
import { basename, join } from "node:path";
import { type Command, Option } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import { type CommandContext, type CommonOptions, runCommand, withCommonOptions } from "./command.js";
import { checkOutputFile, checkOutputs, type OverwriteOption, refuseExisting, withOverwrite } from "./editing.js";

interface Options extends CommonOptions, OverwriteOption {
  readonly safetensors?: boolean;
  readonly pth?: boolean;
  readonly onnx?: boolean;
  readonly half: boolean;
}

interface Written {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const HELP = `
MODEL is a run's folder (its newest checkpoint), a checkpoint or a generator file.
  DEST.safetensors  encoder and decoder with their PyTorch names and layout, and the configuration in the metadata;
                    swap, linear and matrix accept it as --model, and elegant import makes a run of it
  DEST --pth        a folder with the files of the published code, which elegant import reads as well:
                    for ELEGANT Enc_iter_N.pth, Dec_iter_N.pth and, if MODEL is a run, D1 and D2; for StarGAN
                    N-G.ckpt and N-D.ckpt; for CycleGAN latest_net_G_A.pth, G_B, D_A and D_B; for UNIT gen_N.pkl
                    and dis_N.pkl; not for DNA-GAN
  DEST --onnx       a folder with encoder.onnx, decoder.onnx and swap.onnx

Example:
  elegant export runs/first first.safetensors --half
  elegant export runs/first first-pth --pth
  elegant export runs/first first-onnx --onnx`;

export function registerExport(program: Command): void {
  withOverwrite(withCommonOptions(program.command("export <model> <dest>")))
    .description("write a run's networks as safetensors, as the published code's PyTorch files, or as ONNX")
    .addOption(new Option("--safetensors", "write one .safetensors file (the default)").conflicts(["pth", "onnx"]))
    .addOption(new Option("--pth", "write files that the published code loads").conflicts("onnx"))
    .option("--onnx", "write graphs for onnxruntime and other ONNX runtimes")
    .addOption(
      new Option("--half", "with --safetensors: store float16, half the size and about three decimal digits")
        .default(false)
        .conflicts(["pth", "onnx"]),
    )
    .addHelpText("after", HELP)
    .action(async (model: string, dest: string, options: Options) => {
      await runCommand(options, (context) => exportModel(model, dest, options, context));
    });
}

async function exportModel(model: string, dest: string, options: Options, context: CommandContext): Promise<void> {
  const { readModel } = await import("../models/open.js");
  const { ensureDir, writeFileAtomic } = await import("../files.js");
  const isFolder = options.pth === true || options.onnx === true;
  if (isFolder === dest.endsWith(".safetensors")) {
    const [expected, remedy] = isFolder
      ? ["a folder", "--pth and --onnx write several files."]
      : ["a name ending in .safetensors", "Rename it, or add --pth or --onnx."];
    throw new InputError(describeMismatch("DEST", expected, `'${dest}'`, remedy));
  }
  await checkDestination(dest, isFolder, options.overwrite);
  const found = await readModel(model);
  const { model: own, tensors, source, step } = found;
  for (const warning of found.warnings) context.print(warning);
  const encode = async (): Promise<readonly Written[]> => {
    if (options.pth) {
      if (own.files.published === null) throw unknownFormat("--pth", own.method);
      const { encodePth } = await import("../interop/pth-writer.js");
      const files = own.files.published(tensors, step);
      return files.map((file) => ({ path: join(dest, file.name), bytes: encodePth(file.tensors) }));
    }
    if (options.onnx) {
      if (own.files.onnx === null) throw unknownFormat("--onnx", own.method);
      const { encodeOnnx } = await import("../interop/onnx.js");
      const { packageVersion } = await import("../version.js");
      return own.files.onnx(tensors, basename(source)).map(({ file, graph, metadata }) => {
        return { path: join(dest, file), bytes: encodeOnnx(graph, `elegant-faces ${packageVersion()}`, metadata) };
      });
    }
    const { exportGenerator } = await import("../models/generator-file.js");
    return [{ path: dest, bytes: exportGenerator(tensors, own, { dtype: options.half ? "F16" : "F32" }) }];
  };
  const files = await encode();
  const paths = files.map(({ path }) => path);
  await refuseExisting(paths, "DEST", options.overwrite);
  if (isFolder) await ensureDir(dest);
  for (const { path, bytes } of files) {
    await writeFileAtomic(path, bytes);
    context.print(`${path}: ${(bytes.length / 1e6).toFixed(2)} MB from ${source}`);
  }
  context.printJson({ files: files.map(({ path, bytes }) => ({ file: path, bytes: bytes.length })), source });
}

function unknownFormat(option: string, method: string): InputError {
  const remedy = "Export it to a .safetensors file.";
  return new InputError(describeMismatch(option, "a method with files of this format", method, remedy));
}

/** Checks before the model is read. @throws InputError for a place of the wrong kind, or for an existing file */
async function checkDestination(dest: string, isFolder: boolean, overwrite: boolean): Promise<void> {
  if (isFolder) return checkOutputs(dest, [], [], "DEST");
  await checkOutputFile(dest, "DEST");
  await refuseExisting([dest], "DEST", overwrite);
}
