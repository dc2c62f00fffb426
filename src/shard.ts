/** Work for more than one machine: which items are whose. Pure, so that every machine decides the same without talking. */
import { describeMismatch, InputError } from "./errors.js";

/** One of `count` machines, from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * Items that stay together: unit k holds the items from k * UNIT on and belongs to shard k mod n. Whole units, because a
 * unit can be one output file; taken in turns, because neighbours in a list tend to be alike (large, damaged).
 */
export const UNIT = 256;

/** @throws InputError for anything but i/n with i from 0 to n - 1; @param name of what holds the text, for the message */
export function parseShard(text: string, name: string): Shard {
  const [, index, count] = /^(\d{1,9})\/(\d{1,9})$/.exec(text.trim()) ?? [];
  return checkShard(name, Number(index ?? Number.NaN), Number(count ?? Number.NaN), `'${text}'`);
}

function checkShard(name: string, index: number, count: number, received: string): Shard {
  if (Number.isInteger(index) && Number.isInteger(count) && index >= 0 && index < count) return { index, count };
  const remedy = "Shards count from 0: the first of four is 0/4, the last 3/4.";
  throw new InputError(describeMismatch(name, "i/n with i from 0 to n - 1", received, remedy));
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A shard and where it was read from. */
export interface FoundShard {
  readonly shard: Shard;
  readonly source: string;
}

/**
 * The shard that a scheduler gives this process: a task of a Slurm array or a pod of a Kubernetes Indexed Job; null without one.
 * @throws InputError when the number of tasks is not told: each would do the whole work
 */
export function shardFromEnvironment(env: Environment): FoundShard | null {
  const number = (name: string): number => {
    const text = env[name] ?? "";
    return /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  };
  const isSet = (name: string): boolean => (env[name] ?? "") !== "";
  const needs = (index: string, count: string, how: string): void => {
    if (isSet(count)) return;
    const remedy = `${how}, or give --shard i/n (0/1 for the whole work).`;
    throw new InputError(describeMismatch(count, `the number of tasks, as ${index} is set`, "nothing", remedy));
  };
  if (isSet("SLURM_ARRAY_TASK_ID")) {
    needs("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "Set it");
    // --array=1-4 begins at 1, --array=0-30:10 goes in steps of 10.
    const first = isSet("SLURM_ARRAY_TASK_MIN") ? number("SLURM_ARRAY_TASK_MIN") : 0;
    const step = isSet("SLURM_ARRAY_TASK_STEP") ? number("SLURM_ARRAY_TASK_STEP") : 1;
    const [id, count] = [number("SLURM_ARRAY_TASK_ID"), number("SLURM_ARRAY_TASK_COUNT")];
    const received = `task ${env.SLURM_ARRAY_TASK_ID} of ${env.SLURM_ARRAY_TASK_COUNT} from ${first} in steps of ${step}`;
    const shard = checkShard("SLURM_ARRAY_TASK_ID", (id - first) / step, count, received);
    return { shard, source: "SLURM_ARRAY_TASK_ID" };
  }
  if (isSet("JOB_COMPLETION_INDEX")) {
    needs("JOB_COMPLETION_INDEX", "JOB_COMPLETION_COUNT", "Set it to the Job's completions in its env");
    const received = `${env.JOB_COMPLETION_INDEX} of ${env.JOB_COMPLETION_COUNT}`;
    const count = number("JOB_COMPLETION_COUNT");
    const shard = checkShard("JOB_COMPLETION_INDEX", number("JOB_COMPLETION_INDEX"), count, received);
    return { shard, source: "JOB_COMPLETION_INDEX" };
  }
  return null;
}

/** Place in the whole list of the shard's item number `own`. */
export function placeOf(own: number, { index, count }: Shard, unit = UNIT): number {
  return (index + Math.floor(own / unit) * count) * unit + (own % unit);
}

/** The places of a shard's items in a list of `total`, ascending. */
export function placesOf(total: number, shard: Shard, unit = UNIT): number[] {
  const places: number[] = [];
  for (let own = 0, place = placeOf(0, shard, unit); place < total; place = placeOf(++own, shard, unit)) {
    places.push(place);
  }
  return places;
}

/** The items of a shard, in their order. */
export function selectShard<T>(items: readonly T[], shard: Shard, unit = UNIT): T[] {
  return placesOf(items.length, shard, unit).map((place) => items[place]);
}

/** In names of folders and files: part-0-of-4. */
export function partName({ index, count }: Shard): string {
  return `part-${index}-of-${count}`;
}

/** The shard that a name made by partName() tells; null for other names. */
export function shardOfPart(name: string): Shard | null {
  const [, index, count] = /^part-(\d{1,9})-of-(\d{1,9})$/.exec(name) ?? [];
  return index === undefined || Number(index) >= Number(count) ? null : { index: Number(index), count: Number(count) };
}
