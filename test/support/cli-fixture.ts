/** A command line in our own frame, with commands that end in every way. The tests of the frame spawn it. */
import type { Command } from "commander";
import { type CommonOptions, runCommand, withCommonOptions } from "../../src/cli/command.js";
import { main } from "../../src/cli/main.js";
import { InputError, InterruptedError, RetryableError } from "../../src/errors.js";

const ENDINGS: Readonly<Record<string, () => void>> = {
  fine: () => {},
  wrong: () => {
    throw new InputError("size: expected a power of two, received 100. Choose 64, 128 or 256.");
  },
  full: () => {
    throw new RetryableError("Cannot write 'x': no space left. Free some space.");
  },
  stopped: () => {
    throw new InterruptedError("Interrupted at step 7; the state is saved.");
  },
  crash: () => {
    throw new TypeError("weights is undefined");
  },
};

function register(program: Command): void {
  for (const [name, end] of Object.entries(ENDINGS)) {
    withCommonOptions(program.command(name), ["seed", "workers", "device"]).action(
      async (options: CommonOptions<"seed">) => {
        await runCommand(options, async (context) => {
          context.onProgress({ stage: "Count", done: 1, total: 2, unit: "items" });
          context.print("a line for people");
          end();
          context.onProgress({ stage: "Count", done: 2, total: 2, unit: "items" });
          context.printJson({ seed: options.seed });
        });
      },
    );
  }
  withCommonOptions(program.command("doubtful")).action(async (options: CommonOptions) => {
    await runCommand(options, async (context) => context.warn("a line before trusting it"));
  });
  program.command("partial").action(async () => {
    await runCommand({ json: false, quiet: false }, async (context) => context.markPartial());
  });
  program.command("flood").action(async () => {
    await runCommand({ json: false, quiet: false }, async (context) => {
      for (let i = 0; i < 200; i++) {
        context.print("x".repeat(10_000));
        await new Promise((resolve) => setImmediate(resolve));
      }
      process.stderr.write("finished\n");
    });
  });
}

await main(process.argv, [register]);
