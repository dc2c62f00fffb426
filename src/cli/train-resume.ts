/** Completes the settings of `elegant train` from the run that it resumes or starts from. */
import type { Command } from "commander";
import type { MethodConfig, Model } from "../methods/method.js";
import { recipesOf } from "../methods/recipes.js";

/**
 * With --from, method, width and attributes are those of the other model unless they were given. With --resume, options that
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
      const { method, attributes, width } = configOf((await readModel(from)).model);
      recall({ method, attributes: [...attributes], width });
    }
    if (!resume || out === undefined) return;
    const { savedRun } = await import("../training/run.js");
    const { model, settings } = await savedRun(out);
    const { method: name, size, width, attributes, ...network } = configOf(model);
    const values: Record<string, unknown> = { method: name, attributes: [...attributes], size: String(size), width };
    if (settings !== null) {
      const { batch, seed, dataset: _, ...method } = settings;
      Object.assign(values, { batch, seed });
      if (!isGiven("preset")) values.recalled = { network, method, isFixed: true };
    } else if (!isGiven("preset")) {
      // An imported model has a network but was not trained here yet.
      const book = recipesOf(name);
      values.recalled = { network, method: book.presets[book.presetOf(network)].method, isFixed: false };
    }
    recall(values);
  });
}

/** A model's configuration by the options of `elegant train`: its method, size, width, attributes, and other choices. */
function configOf({
  method,
  config,
}: Model): MethodConfig & { readonly method: string; readonly [choice: string]: unknown } {
  return { ...config, method };
}
