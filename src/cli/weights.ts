/** `elegant weights [FILE]`: shows where to get Inception's weights, and checks and stores them. */
import type { Command } from "commander";
import { type CommonOptions, runCommand, withCommonOptions } from "./command.js";

const HELP = `
FID's network needs the weights that pytorch-fid uses, which are not part of this package. Download the file that this command names,
on any machine, and pass it to the command. It is checked and stored in the cache, where elegant fid finds it.

Example:
  elegant weights
  elegant weights pt_inception-2015-12-05-6726825d.pth`;

export function registerWeights(program: Command): void {
  withCommonOptions(program.command("weights [file]"))
    .description("show where to get Inception's weights for FID; check and keep a file of them")
    .addHelpText("after", HELP)
    .action(async (file: string | undefined, options: CommonOptions) => {
      await runCommand(options, async (context) => {
        const weights = await import("../metrics/inception-weights.js");
        const { cacheFolder } = await import("../cache.js");
        const { WEIGHTS_SHA256_PREFIX, WEIGHTS_URL } = weights;
        if (file === undefined) {
          const installed = await weights.installedWeights();
          context.print(`Weights: ${WEIGHTS_URL}`);
          context.print(`SHA-256 begins with ${WEIGHTS_SHA256_PREFIX}; then: elegant weights FILE`);
          context.print(
            installed === null
              ? "Installed: none"
              : `Installed: ${installed.sha256.slice(0, 16)}... in ${cacheFolder()}${installed.published ? "" : ", not the published file"}`,
          );
          context.printJson({
            url: WEIGHTS_URL,
            sha256Prefix: WEIGHTS_SHA256_PREFIX,
            installed: installed === null ? null : { sha256: installed.sha256, published: installed.published },
          });
          return;
        }
        const read = await weights.readWeights(file);
        await weights.installWeights(read);
        const { sha256, published } = read;
        const verdict = published ? "the published file" : "NOT the published file: scores will not be comparable";
        context.print(`${file}: ${read.tensors.size} tensors, SHA-256 ${sha256.slice(0, 16)}..., ${verdict}`);
        context.print(`Kept in ${cacheFolder()}`);
        context.printJson({ file, sha256, published, tensors: read.tensors.size });
      });
    });
}
