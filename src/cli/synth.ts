/** `elegant synth DIR`: a synthetic in-the-wild data set in CelebA's own files. */
import type { Command } from "commander";
import { runCommand, withCommonOptions } from "./command.js";

export function registerSynth(program: Command): void {
  withCommonOptions(program.command("synth <dir>")).action(async (_dir: string, options: { json: boolean }) => {
    await runCommand(options, async () => {});
  });
}
