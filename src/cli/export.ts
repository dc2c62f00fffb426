/** `elegant export MODEL FILE`: a run's generator alone, as one small safetensors file. */
import type { Command } from "commander";
import { type CommonOptions, runCommand, withCommonOptions } from "./command.js";

interface Options extends CommonOptions {
  readonly half: boolean;
}

const HELP = `
MODEL is a run's folder (its newest checkpoint) or a checkpoint. FILE holds encoder and decoder under their PyTorch names
and layout, with the configuration in its metadata; swap, linear and matrix take it as --model.

Example:
  elegant export runs/first first.safetensors --half`;

export function registerExport(program: Command): void {
  withCommonOptions(program.command("export <model> <file>"))
    .description("write a run's generator as one safetensors file")
    .option("--half", "float16: half the size, about three decimal digits", false)
    .addHelpText("after", HELP)
    .action(async (model: string, file: string, options: Options) => {
      await runCommand(options, async (context) => {
        const [{ readModel }, { exportGenerator }, { writeFileAtomic }, { InputError }] = await Promise.all([
          import("../editing/generator.js"),
          import("../model/generator-file.js"),
          import("../files.js"),
          import("../errors.js"),
        ]);
        if (!file.endsWith(".safetensors")) {
          throw new InputError(`FILE: expected a name ending in .safetensors, received '${file}'. Rename it.`);
        }
        const { config, tensors, source, warnings } = await readModel(model);
        for (const warning of warnings) context.print(warning);
        const bytes = exportGenerator(tensors, config, { dtype: options.half ? "F16" : "F32" });
        await writeFileAtomic(file, bytes);
        context.printJson({ file, bytes: bytes.length, source });
        context.print(`${file}: ${(bytes.length / 1e6).toFixed(2)} MB from ${source}`);
      });
    });
}
