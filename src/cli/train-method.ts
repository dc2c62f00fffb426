/** The options of `elegant train` that say which method is trained: a preset, and changes of its choices. */
import { type Command, Option } from "commander";
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import { networkSchema, UPSAMPLINGS } from "../model/config.js";
import { suggest } from "../suggest.js";
import { METHODS, type Method, methodSchema, PRESETS, type Preset } from "../training/method.js";
import { number } from "./command.js";

export interface MethodOptions {
  readonly preset: Preset;
  readonly learningRate: number;
  /** Choices as NAME=VALUE; those that have options of their own are not among them. */
  readonly set?: readonly string[];
  readonly ema?: number;
  readonly r1?: number;
  readonly flip?: boolean;
  readonly upsampling?: (typeof UPSAMPLINGS)[number];
  /** The method of the run that goes on, to begin with instead of the preset's. */
  readonly recalled?: Method;
}

export function withMethodOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--preset <name>", "modern: clean pictures; official: the published code; paper: as the paper says")
        .choices(PRESETS)
        .default("modern"),
    )
    .option("--set <choices...>", "change choices of the preset, as in mask=off r1Every=16 (docs/training.md lists all)")
    .option("--learning-rate <x>", "of Adam", number(1e-8, 1), 2e-4)
    .option("--ema <decay>", "of the generator's moving average, with which edits are made", number(0, 0.999999))
    .option("--r1 <gamma>", "gradient penalty on real pictures", number(0, 1e6))
    .option("--flip", "mirror each training picture with probability 1/2")
    .addOption(
      new Option("--upsampling <name>", "transposed as published, or resize against checkerboards").choices(
        UPSAMPLINGS,
      ),
    );
}

const choices = { ...networkSchema.shape, ...methodSchema.shape };
const names = Object.keys(choices);

/** The value of a choice from its text: on and off, a number or a word. */
function parseChoice(text: string): [name: string, value: unknown] {
  const [name, ...rest] = text.split("=");
  const word = rest.join("=");
  if (!names.includes(name)) {
    const meant = suggest(name, names);
    const remedy = meant === null ? `Choices: ${names.join(", ")}.` : `Did you mean ${meant}?`;
    throw new InputError(describeMismatch("--set", "NAME=VALUE with the name of a choice", `'${text}'`, remedy));
  }
  const switches: Readonly<Record<string, boolean>> = { on: true, off: false, true: true, false: false };
  const candidates = [switches[word], word.trim() === "" ? undefined : Number(word), word];
  const schema: z.ZodType = choices[name as keyof typeof choices];
  const results = candidates.filter((value) => value !== undefined).map((value) => schema.safeParse(value));
  const accepted = results.find(({ success }) => success);
  if (accepted?.success === true) return [name, accepted.data];
  const [{ error }] = results;
  const expected = (error?.issues[0].message ?? "a value").replace(/^Invalid (input|option): /, "").replace(/^expected /, "");
  throw new InputError(describeMismatch(`--set ${name}`, expected, `'${word}'`, "See docs/training.md."));
}

/** The preset, or the method of the run that goes on, with what was changed. @throws InputError for a choice that is none */
export function chooseMethod(options: MethodOptions): Method {
  const { network, method } = options.recalled ?? METHODS[options.preset];
  const { set = [], ema, r1, flip, upsampling } = options;
  const named = Object.entries({ ema, r1, flip, upsampling }).filter(([, value]) => value !== undefined);
  const changed = { ...network, ...method, ...Object.fromEntries([...set.map(parseChoice), ...named]) };
  return { network: networkSchema.parse(changed), method: methodSchema.parse(changed) };
}
