/** Checks whether a run may be resumed with the settings that the user gives. */
import { describeMismatch, InputError } from "../errors.js";
import { formatChoice } from "../methods/choice-words.js";
import type { MethodConfig, RunSettings } from "../methods/method.js";

interface RunFacts {
  readonly config: MethodConfig;
  readonly settings: RunSettings;
}

/** Returns a run's configuration and settings, by the options that set them. */
function optionsOf({ config, settings }: RunFacts): Record<string, unknown> {
  const { size, attributes, ...network } = config;
  const {
    width,
    method: name = "elegant",
    ...choices
  } = network as { readonly width?: number; readonly method?: string };
  const { batch, seed, dataset, learningRate, ...method } = settings;
  return {
    "--method": name,
    "--size": size,
    "--width": width,
    "--attributes": attributes.join(" "),
    ...Object.fromEntries(Object.entries({ ...choices, ...method }).map(([name, value]) => [`--set ${name}`, value])),
    "--batch": batch,
    "--seed": seed,
    "--learning-rate": learningRate,
    "the data": `pictures and labels with fingerprint ${dataset}`,
  };
}

/** Refuses to resume a run with other settings. @throws InputError that names the first different one */
export function expectSameRun(saved: RunFacts, asked: RunFacts): void {
  const wanted = optionsOf(asked);
  for (const [name, expected] of Object.entries(optionsOf(saved))) {
    if (wanted[name] === expected) continue;
    const remedy = "Resume with the run's own settings, or choose another --out.";
    throw new InputError(
      describeMismatch(`--resume: ${name}`, formatChoice(expected), formatChoice(wanted[name]), remedy),
    );
  }
}
