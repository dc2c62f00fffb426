/**
 * Divides work among machines: which items belong to which machine. The functions are pure, so all machines reach the
 * same decision without communicating.
 */
import { describeMismatch, InputError } from "./errors.js";

/** One of `count` machines. `index` counts from 0. */
export interface Part {
  /** Number of the machine, from 0 to count - 1. */
  readonly index: number;
  /** Number of machines, 1 or more. */
  readonly count: number;
}

/**
 * Number of items that stay together. Unit k holds the items from k * UNIT on and belongs to part k mod n. Units stay
 * whole because a unit can be one output file. Parts get units in turns because neighbours in a list tend to be alike
 * (large, damaged).
 */
export const UNIT = 256;

/**
 * Parses "i/n".
 * @param name where the text comes from, for the message
 * @throws InputError unless i is from 0 to n - 1
 */
export function parsePart(text: string, name: string): Part {
  const [, index, count] = /^(\d{1,9})\/(\d{1,9})$/.exec(text.trim()) ?? [];
  return checkPart(name, Number(index ?? Number.NaN), Number(count ?? Number.NaN), `'${text}'`);
}

function checkPart(name: string, index: number, count: number, received: string): Part {
  if (Number.isInteger(index) && Number.isInteger(count) && index >= 0 && index < count) return { index, count };
  const remedy = "Parts count from 0: the first of four is 0/4, the last 3/4.";
  throw new InputError(describeMismatch(name, "i/n with i from 0 to n - 1", received, remedy));
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A part, and the option or variable that it comes from. */
export interface FoundPart {
  readonly part: Part;
  readonly source: string;
}

/**
 * The part of a Slurm task. Slurm reports which tasks an array has, but not whether it is the first submission:
 * `--array=2` may stand for one task of eight that is repeated. So only arrays that number a whole job are accepted:
 * two or more tasks, numbered from 0, from 1 or from their step, without gaps.
 * @throws InputError for any other array
 */
function partOfSlurm(env: Environment): Part {
  const read = (name: string, otherwise: number): number => {
    const text = (env[`SLURM_ARRAY_TASK_${name}`] ?? "").trim();
    return text === "" ? otherwise : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  const [id, count] = [read("ID", Number.NaN), read("COUNT", Number.NaN)];
  const [first, step] = [read("MIN", 0), read("STEP", 1)];
  const last = read("MAX", first + (count - 1) * step);
  const index = (id - first) / step;
  const isWholeJob =
    count >= 2 && step >= 1 && (first <= 1 || first === step) && (last - first) / step === count - 1 && index < count;
  if (isWholeJob && Number.isInteger(index) && index >= 0) return { index, count };
  const tasks = count === 1 ? "1 task" : `${env.SLURM_ARRAY_TASK_COUNT} tasks`;
  const range = first === last ? `${first}` : `${first} to ${last}${step === 1 ? "" : ` in steps of ${step}`}`;
  const expected = "an array of 2 or more tasks from 0 or 1 on without gaps";
  const remedy = "If these tasks belong to a larger array, give --part i/n as there; 0/1 stands for the whole work.";
  throw new InputError(
    describeMismatch(`SLURM_ARRAY_TASK_ID ${env.SLURM_ARRAY_TASK_ID}`, expected, `${tasks}, ${range}`, remedy),
  );
}

/**
 * The part that a scheduler gives this process: a task of a Slurm array or a pod of a Kubernetes Indexed Job. Null
 * without a scheduler.
 * @throws InputError if the number of tasks is missing, because each task would do the whole work; or if it may not be
 *   the number of tasks of the whole job
 */
export function partFromEnvironment(env: Environment): FoundPart | null {
  const number = (name: string): number => {
    const text = env[name] ?? "";
    return /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  };
  const isSet = (name: string): boolean => (env[name] ?? "") !== "";
  const needs = (index: string, count: string, how: string): void => {
    if (isSet(count)) return;
    const remedy = `${how}, or give --part i/n (0/1 for the whole work).`;
    throw new InputError(describeMismatch(count, `the number of tasks, as ${index} is set`, "nothing", remedy));
  };
  if (isSet("SLURM_ARRAY_TASK_ID")) {
    needs("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "Set it");
    return { part: partOfSlurm(env), source: "SLURM_ARRAY_TASK_ID" };
  }
  if (isSet("JOB_COMPLETION_INDEX")) {
    needs("JOB_COMPLETION_INDEX", "JOB_COMPLETION_COUNT", "Set it to the Job's completions in its env");
    const received = `${env.JOB_COMPLETION_INDEX} of ${env.JOB_COMPLETION_COUNT}`;
    const count = number("JOB_COMPLETION_COUNT");
    const part = checkPart("JOB_COMPLETION_INDEX", number("JOB_COMPLETION_INDEX"), count, received);
    return { part, source: "JOB_COMPLETION_INDEX" };
  }
  return null;
}

/** Position in the whole list of item number `own` of the part. */
export function placeOf(own: number, { index, count }: Part, unit = UNIT): number {
  return (index + Math.floor(own / unit) * count) * unit + (own % unit);
}

/** Positions of a part's items in a list of `total` items, ascending. */
export function placesOf(total: number, part: Part, unit = UNIT): number[] {
  const places: number[] = [];
  for (let own = 0, place = placeOf(0, part, unit); place < total; place = placeOf(++own, part, unit)) {
    places.push(place);
  }
  return places;
}

/** The items of a part, in their order. */
export function selectPart<T>(items: readonly T[], part: Part, unit = UNIT): T[] {
  return placesOf(items.length, part, unit).map((place) => items[place]);
}

/** Name of a part in folder and file names, such as part-0-of-4. */
export function partName({ index, count }: Part): string {
  return `part-${index}-of-${count}`;
}

/** The part in a name made by partName(); null for other names. */
export function partOfName(name: string): Part | null {
  const [, index, count] = /^part-(\d{1,9})-of-(\d{1,9})$/.exec(name) ?? [];
  return index === undefined || Number(index) >= Number(count) ? null : { index: Number(index), count: Number(count) };
}
