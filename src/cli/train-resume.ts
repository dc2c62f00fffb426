/** `elegant train --resume` without the settings that the run knows: they are read from its newest checkpoint. */
import type { Command } from "commander";
import type { RunSettings } from "../training/settings.js";

/** The method's choices that a preset makes; a preset that is given is compared with the run's as a whole. */
const PRESET_CHOICES: readonly (keyof RunSettings)[] = [
  "reconstruction",
  "lossWeights",
  "weightDecay",
  "learningRateDecay",
  "ema",
  "r1",
  "flip",
];

/**
 * With --resume, options that were not given get the run's values before the command's action runs. Those that were given
 * stay, and the training refuses them if they differ.
 */
export function withRunSettings(command: Command): Command {
  const attributes = command.options.find(({ long }) => long === "--attributes");
  command.on("option:resume", () => attributes?.makeOptionMandatory(false));
  return command.hook("preAction", async (_, action) => {
    const { resume, out } = action.opts<{ readonly resume: boolean; readonly out?: string }>();
    if (!resume || out === undefined) return;
    const { savedRun } = await import("../training/run.js");
    const { config, settings } = await savedRun(out);
    const isGiven = (name: string): boolean => action.getOptionValueSource(name) === "cli";
    const values: Record<string, unknown> = {
      attributes: [...config.attributes],
      size: String(config.size),
      width: config.width,
      discriminatorBlocks: String(config.discriminatorBlocks),
      decoderActivation: config.decoderActivation,
      upsampling: config.upsampling,
      ...(settings === null ? {} : { batch: settings.batch, seed: settings.seed, learningRate: settings.learningRate }),
    };
    for (const name of PRESET_CHOICES) if (settings !== null) values[name] = settings[name];
    const ofPreset: readonly string[] = [...PRESET_CHOICES, "discriminatorBlocks", "decoderActivation", "upsampling"];
    for (const [name, value] of Object.entries(values)) {
      if (isGiven(name) || (isGiven("preset") && ofPreset.includes(name))) continue;
      action.setOptionValueWithSource(name, value, "config");
    }
  });
}
