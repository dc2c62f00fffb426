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
  if ("system" in fields && fields.system === "stargan") {
    const golden = parse(starganSchema, value, file, "StarGAN");
    return { file, needsDevice: true, check: (onProgress) => checkStargan(golden, file, onProgress) };
  }
  if ("system" in fields && fields.system === "unit") {
    const golden = parse(unitSchema, value, file, "UNIT");
    return { file, needsDevice: true, check: (onProgress) => checkUnit(golden, file, onProgress) };
  }
  if ("system" in fields && fields.system === "cyclegan") {
    const golden = parse(cycleganSchema, value, file, "CycleGAN");
    return { file, needsDevice: true, check: (onProgress) => checkCyclegan(golden, file, onProgress) };
  }
  if ("system" in fields && fields.system === "dnagan") {
    const golden = parse(dnaganSchema, value, file, "DNA-GAN");
    return { file, needsDevice: true, check: (onProgress) => checkDnagan(golden, file, onProgress) };
  }
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
