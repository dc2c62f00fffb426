/** `elegant verify FILE...`: checks golden files. */
import type { Command } from "commander";
import { InputError } from "../errors.js";
import { excess, passes, type Quantity } from "../golden/compare.js";
import { type CommonOptions, runCommand, withCommonOptions } from "./command.js";

export interface CheckedFile {
  readonly file: string;
  readonly quantities: readonly Quantity[];
}

const HELP = `
Prints the largest error of each quantity next to its tolerance. The exit code is 2 if an error exceeds its tolerance. Errors are
relative to the root mean square of the quantity; for weights, relative to their change; for grey levels, absolute.

Example:
  elegant verify golden/elegant-s1-64px-b2-n3.json golden/align.json --device wasm`;

export function registerVerify(program: Command): void {
  withCommonOptions(program.command("verify <files...>"), ["workers", "device"])
    .description("check this build on this machine against golden numbers")
    .addHelpText("after", HELP)
    .action(async (files: string[], options: CommonOptions<"workers" | "device">) => {
      await runCommand(options, async (context) => {
        const { openGolden } = await import("../golden/verify.js");
        const { openDevice } = await import("../device/open.js");
        const { announceDevice } = await import("../device/node/announce.js");
        const opened = await Promise.all(files.map(openGolden));
        const needsDevice = opened.some((golden) => golden.needsDevice);
        const device = needsDevice ? await openDevice(options.device, options.workers) : null;
        const checked: CheckedFile[] = [];
        try {
          const description = device === null ? null : await announceDevice(device, options);
          if (description !== null) context.print(description);
          for (const golden of opened) {
            checked.push({ file: golden.file, quantities: await golden.check(context.onProgress) });
          }
        } finally {
          await device?.close();
        }
        if (!context.json) for (const line of formatVerification(checked)) context.print(line);
        const failures = checked.flatMap(({ quantities }) => quantities.filter((quantity) => !passes(quantity)));
        context.printJson({
          ok: failures.length === 0,
          files: checked.map(({ file, quantities }) => ({
            file,
            quantities: quantities.map(({ name, error, tolerance, at }) => ({ name, error, tolerance, at })),
          })),
        });
        if (failures.length > 0) {
          const count = checked.reduce((sum, { quantities }) => sum + quantities.length, 0);
          throw new InputError(`verify: ${failures.length} of ${count} quantities are over their tolerance.`);
        }
      });
    });
}

/** One row per group, with its largest error. Below a group that fails, every quantity over its tolerance is listed. */
export function formatVerification(files: readonly CheckedFile[]): string[] {
  const lines: string[] = [];
  for (const { file, quantities } of files) {
    lines.push("", file, `  ${"quantity".padEnd(26)}${"error".padStart(9)}  ${"tolerance".padStart(9)}        where`);
    for (const group of new Set(quantities.map((quantity) => quantity.group))) {
      const members = quantities.filter((quantity) => quantity.group === group);
      const worst = members.reduce((a, b) => (excess(b) > excess(a) ? b : a));
      const failed = members.filter((quantity) => !passes(quantity));
      const label = members.length > 1 ? `${group} (${members.length})` : group;
      lines.push(formatRow(label, worst, members.length > 1 ? `${worst.name} ${worst.at}`.trim() : worst.at));
      if (members.length > 1)
        for (const quantity of failed) lines.push(formatRow(`  ${quantity.name}`, quantity, quantity.at));
    }
  }
  return lines;
}

function formatRow(label: string, quantity: Quantity, where: string): string {
  const verdict = passes(quantity) ? "ok  " : "FAIL";
  const error = quantity.error.toExponential(1).padStart(9);
  const tolerance = quantity.tolerance.toExponential(1).padStart(9);
  return `  ${label.padEnd(26)}${error}  ${tolerance}  ${verdict}  ${where}`.trimEnd();
}
