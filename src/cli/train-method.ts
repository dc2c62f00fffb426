/** The options of `elegant train` that select the method: a preset, and changes of its choices. */
import { type Command, Option } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import { formatChoice } from "../methods/choice-words.js";
import { networkSchema, UPSAMPLINGS } from "../methods/elegant/config.js";
import { METHODS, type Method, methodSchema, PRESETS, type Preset } from "../methods/elegant/presets.js";
import { parseChoices } from "./choices.js";
import { number } from "./command.js";

export interface MethodOptions {
  readonly preset: Preset;
  readonly learningRate?: number;
  /** Choices as NAME=VALUE. */
  readonly set?: readonly string[];
  readonly ema?: number;
  readonly r1?: number;
  readonly flip?: boolean;
  readonly upsampling?: (typeof UPSAMPLINGS)[number];
  /** The method of the run that is resumed, which is then used instead of the preset's. */
  readonly recalled?: RecalledMethod;
}

export interface RecalledMethod extends Method {
  /** True if the run was trained by this method, so that it refuses every change. An imported model has no method yet. */
  readonly isFixed: boolean;
}

export function withMethodOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--preset <name>", "modern: clean pictures; official: the published code; paper: as the paper says")
        .choices(PRESETS)
        .default("modern"),
    )
    .option(
      "--set <choices...>",
      "change choices of the preset, as in joint=off r1Every=16; docs/training.md lists all choices",
    )
    .option("--learning-rate <x>", "of Adam, at the beginning (default: the preset's)", number(1e-8, 1))
    .option("--ema <decay>", "of the generator's moving average, with which edits are made", number(0, 0.999999))
    .option("--r1 <gamma>", "gradient penalty on real pictures", number(0, 1e6))
    .option("--flip", "mirror each training picture with probability 1/2")
    .addOption(
      new Option("--upsampling <name>", "transposed as published, or resize against checkerboards").choices(
        UPSAMPLINGS,
      ),
    );
}

/**
 * Refuses choices that contradict each other or have no effect together, because a run's configuration should describe
 * the run.
 * @throws InputError that names the first one and says what to set instead
 */
function expectSense({ network, method }: Method): void {
  const { edit, mask, condition } = network;
  const { reconstruction, maskWeight, r1, r1Every, others } = method;
  const rules: readonly (readonly [
    isBroken: boolean,
    name: string,
    expected: string,
    received: unknown,
    why: string,
  ])[] = [
    [
      edit === "difference" && reconstruction !== "none",
      "reconstruction",
      "none with edit=difference",
      reconstruction,
      "The reconstruction is exact there and needs no loss: set reconstruction=none.",
    ],
    [
      edit === "residual" && reconstruction === "none",
      "reconstruction",
      "squared or norm with edit=residual",
      reconstruction,
      "Without it nothing keeps a face as it is: set reconstruction=squared.",
    ],
    [
      !mask && maskWeight > 0,
      "maskWeight",
      "0 with mask=off",
      maskWeight,
      "There is no mask to weigh: set maskWeight=0.",
    ],
    [
      condition === "planes" && others > 0,
      "others",
      "0 with condition=planes",
      others,
      "Only discriminators with a score for each attribute judge the others: set others=0.",
    ],
    [r1 === 0 && r1Every !== 1, "r1Every", "1 with r1=0", r1Every, "There is no penalty to compute: set r1Every=1."],
  ];
  for (const [isBroken, name, expected, received, why] of rules) {
    if (isBroken) throw new InputError(describeMismatch(`--set ${name}`, expected, formatChoice(received), why));
  }
}

/**
 * The preset, or the method of the resumed run, with the user's changes.
 * @throws InputError for a choice that does not exist, is given twice, or makes no sense next to the others
 */
export function chooseMethod(options: MethodOptions): Method {
  const { set = [], learningRate, ema, r1, flip, upsampling, recalled } = options;
  const chosen = parseChoices(set);
  const named = Object.entries({ learningRate, ema, r1, flip, upsampling }).filter(([, value]) => value !== undefined);
  const twice = named.find(([name]) => chosen.has(name));
  if (twice !== undefined) {
    const [name] = twice;
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new InputError(describeMismatch(`--set ${name}`, `without ${option}`, "both", "Give one of them."));
  }
  const { network, method } = recalled ?? METHODS[options.preset];
  const changed = { ...network, ...method, ...Object.fromEntries([...chosen, ...named]) };
  const result = { network: networkSchema.parse(changed), method: methodSchema.parse(changed) };
  // A run that was trained by another method refuses it as a whole, and names the choice that differs.
  if (recalled?.isFixed !== true) expectSense(result);
  return result;
}
