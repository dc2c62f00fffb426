/** Reads golden files, recognises the kind of each by its fields, and runs the right check. */
import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import type { OnProgress } from "../types.js";
import { alignSchema, checkAlign } from "./align.js";
import type { Quantity } from "./compare.js";
import { checkCyclegan, cycleganSchema } from "./cyclegan.js";
import { checkDnagan, dnaganSchema } from "./dnagan.js";
import { checkElegant } from "./elegant.js";
import { elegantSchema } from "./elegant-schema.js";
import { checkInception, inceptionSchema } from "./inception.js";
import { checkStargan, starganSchema } from "./stargan.js";
import { checkUnit, unitSchema } from "./unit.js";

/** A golden file that was read and recognised. */
export interface GoldenFile {
  readonly file: string;
  /** True if its check computes on a TensorFlow.js device. */
  readonly needsDevice: boolean;
  /** Compares everything. If `needsDevice`, a device must be open. */
  check(onProgress: OnProgress): Promise<Quantity[]>;
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, file: string, kind: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const received = `${path.join(".") || "the whole"}: ${message}`;
  throw new InputError(describeMismatch(file, `golden numbers of ${kind}`, received, "Is the file whole and current?"));
}

/** Recognises the files of a system that the paper compares ELEGANT with. */
function system<Schema extends z.ZodType>(
  kind: string,
  schema: Schema,
  check: (golden: z.infer<Schema>, file: string, onProgress: OnProgress) => Promise<Quantity[]>,
): (value: unknown, file: string) => GoldenFile {
  return (value, file) => {
    const golden = parse(schema, value, file, kind);
    return { file, needsDevice: true, check: (onProgress) => check(golden, file, onProgress) };
  };
}

const SYSTEMS: Readonly<Record<string, ReturnType<typeof system> | undefined>> = {
  unit: system("UNIT", unitSchema, checkUnit),
  cyclegan: system("CycleGAN", cycleganSchema, checkCyclegan),
  stargan: system("StarGAN", starganSchema, checkStargan),
  dnagan: system("DNA-GAN", dnaganSchema, checkDnagan),
};

function hasCases(value: object): value is { cases: unknown[] } {
  return "cases" in value && Array.isArray(value.cases);
}

/** Reads one file. @throws InputError if it is missing, not JSON, or of a kind that we do not check */
export async function openGolden(file: string): Promise<GoldenFile> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fromSystemError(error, `Cannot read '${file}'`);
    throw new InputError(describeMismatch(file, "JSON", "something else", "Choose a golden file."), { cause: error });
  }
  const fields = typeof value === "object" && value !== null ? value : {};
  const open = "system" in fields ? SYSTEMS[`${fields.system}`] : undefined;
  if (open !== undefined) return open(value, file);
  if ("img_size" in fields && "iterations" in fields) {
    const golden = parse(elegantSchema, value, file, "training updates");
    return { file, needsDevice: true, check: (onProgress) => checkElegant(golden, file, onProgress) };
  }
  if (hasCases(fields)) {
    const [first] = fields.cases;
    if (typeof first === "object" && first !== null && "features" in first) {
      const golden = parse(inceptionSchema, value, file, "Inception features");
      return { file, needsDevice: true, check: () => checkInception(golden) };
    }
    if (typeof first === "object" && first !== null && "landmarks" in first) {
      const golden = parse(alignSchema, value, file, "alignment");
      return { file, needsDevice: false, check: () => checkAlign(golden) };
    }
  }
  const received = `the fields ${Object.keys(fields).slice(0, 5).join(", ") || "(none)"}`;
  throw new InputError(
    describeMismatch(file, "golden numbers", received, "Known are training updates, alignment and Inception features."),
  );
}
