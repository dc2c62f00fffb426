/** Completes the settings of `elegant train` from the run that it resumes or starts from. */
import type { Command } from "commander";

/**
 * With --from, width and attributes are those of the other model unless they were given. With --resume, options that
 * were not given get the run's values before the command's action runs. Given options stay, and the training refuses
 * them if they differ. A given preset is compared as a whole.
 */
export function withRunSettings(command: Command): Command {
  const attributes = command.options.find(({ long }) => long === "--attributes");
  for (const name of ["resume", "from"]) command.on(`option:${name}`, () => attributes?.makeOptionMandatory(false));
  return command.hook("preAction", async (_, action) => {
    const { resume, out, from } = action.opts<{
      readonly resume: boolean;
      readonly out?: string;
      readonly from?: string;
    }>();
    const isGiven = (name: string): boolean => action.getOptionValueSource(name) === "cli";
    const recall = (values: Readonly<Record<string, unknown>>): void => {
      for (const [name, value] of Object.entries(values)) {
        if (!isGiven(name)) action.setOptionValueWithSource(name, value, "config");
      }
    };
    if (!resume && from !== undefined) {
      const { readModel } = await import("../models/open.js");
      const { parseConfig } = await import("../methods/elegant/config.js");
      const { attributes, width } = parseConfig((await readModel(from)).model.config, from);
      recall({ attributes: [...attributes], width });
    }
    if (!resume || out === undefined) return;
    const { savedRun } = await import("../training/run.js");
    const { parseConfig } = await import("../methods/elegant/config.js");
    const { parseSettings } = await import("../methods/elegant/settings.js");
    const { model, settings } = await savedRun(out);
    const { size, width, attributes, ...network } = parseConfig(model.config, out);
    const values: Record<string, unknown> = { attributes: [...attributes], size: String(size), width };
    if (settings !== null) {
      const { batch, seed, dataset: _, ...method } = parseSettings(settings, out);
      Object.assign(values, { batch, seed });
      if (!isGiven("preset")) values.recalled = { network, method, isFixed: true };
    } else if (!isGiven("preset")) {
      // An imported model has a network but no method yet. It is trained by the published method, unless its edits are
      // differences.
      const { METHODS } = await import("../methods/elegant/presets.js");
      const { method } = METHODS[network.edit === "difference" ? "modern" : "official"];
      values.recalled = { network, method, isFixed: false };
    }
    recall(values);
  });
}
