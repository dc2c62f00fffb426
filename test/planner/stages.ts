/** Made-up work and machines for the planner's tests. */
import type { Cost, Limits, Machine, Place, Stage } from "../../src/planner/types.js";

export const MIB = 2 ** 20;

export function cost(milliseconds: number, changes: Partial<Cost> = {}): Cost {
  return { seconds: milliseconds / 1000, callSeconds: 0, bytes: 0, callBytes: 0, ...changes };
}

export function stage(name: string, group: string, costs: Stage["costs"], changes: Partial<Stage> = {}): Stage {
  return { name, group, costs, outputBytes: MIB, splittable: false, ...changes };
}

/** As preprocess: everything in one call of the pool. */
export const ALIGN: readonly Stage[] = [
  stage("read", "photo", { pool: cost(0.1) }, { outputBytes: MIB / 8 }),
  stage("decode", "photo", { pool: cost(3) }),
  stage("align", "photo", { pool: cost(0.5) }, { outputBytes: MIB / 4 }),
  stage("encode", "photo", { pool: cost(2) }, { outputBytes: MIB / 16 }),
  stage("write", "photo", { pool: cost(0.3) }, { outputBytes: 0 }),
];

/** As train: the model runs on the device only. */
export function training(deviceMilliseconds: number): readonly Stage[] {
  return [
    stage("read", "load", { pool: cost(0.1) }),
    stage("decode", "load", { pool: cost(3) }),
    stage("upload", "update", { device: cost(0.2) }),
    stage(
      "update",
      "update",
      { device: cost(deviceMilliseconds, { bytes: 20 * MIB, callBytes: 64 * MIB }) },
      { outputBytes: 0 },
    ),
  ];
}

/** As swap: the model runs at both places, and pictures are encoded at either. */
export function editing(deviceMilliseconds: number, poolMilliseconds: number): readonly Stage[] {
  return [
    stage("decode", "load", { pool: cost(3) }),
    stage(
      "forward",
      "model",
      {
        device: cost(deviceMilliseconds, { callSeconds: 0.01, bytes: 8 * MIB, callBytes: 32 * MIB }),
        pool: cost(poolMilliseconds, { callSeconds: 0.002, bytes: 8 * MIB, callBytes: 96 * MIB }),
      },
      { splittable: true },
    ),
    stage("encode", "write", { pool: cost(4), device: cost(4) }, { outputBytes: 0 }),
  ];
}

export interface Case {
  readonly name: string;
  readonly stages: readonly Stage[];
  readonly machine: Machine;
  readonly limits: Limits;
}

/** Milliseconds of the model on the device for an item, and the cores that the device keeps busy. */
const DEVICES = {
  absent: null,
  slow: { milliseconds: 80, threads: 1 },
  fast: { milliseconds: 1, threads: 1 },
  "the cores": { milliseconds: 40, threads: Infinity },
} as const;

/** Every work on machines of 1 to 64 cores, with devices from none to fast, and with little and much memory. */
export function grid(): Case[] {
  const cases: Case[] = [];
  for (const cores of [1, 2, 3, 4, 7, 16, 64]) {
    for (const [deviceName, device] of Object.entries(DEVICES)) {
      for (const mebibytes of [120, 600, 32_768]) {
        const milliseconds = device?.milliseconds ?? 1;
        // A device on the cores is as much faster as it has threads.
        const each = device?.threads === Infinity ? milliseconds / (0.8 * cores + 0.2) : milliseconds;
        const works = { align: ALIGN, train: training(each), swap: editing(each, 40) };
        for (const [work, stages] of Object.entries(works)) {
          if (device === null && work === "train") continue;
          cases.push({
            name: `${work}, ${cores} cores, device ${deviceName}, ${mebibytes} MiB`,
            stages,
            machine: {
              cores,
              device: device === null ? null : { name: deviceName, threads: Math.min(cores, device.threads) },
            },
            limits: {
              memoryBytes: mebibytes * MIB,
              workers: cores,
              batches: work === "train" ? [16] : [1, 2, 4, 8, 16, 32],
            },
          });
        }
      }
    }
  }
  return cases;
}

/** What one way of running it gives, worked out item by item and apart from the planner's own arithmetic. */
export interface Outcome {
  readonly rate: number;
  readonly bytes: number;
}

/** @param shares the device's part of each group's units, by the group's name */
export function outcomeOf(
  { stages, machine }: Case,
  shares: ReadonlyMap<string, number>,
  workers: number,
  batch: number,
  queue?: (group: string) => number,
): Outcome {
  const busy = { pool: 0, device: 0 };
  const places: readonly Place[] = ["pool", "device"];
  const part = (group: string, place: Place): number => {
    const share = shares.get(group) as number;
    return place === "device" ? share : 1 - share;
  };
  for (const { group, costs } of stages) {
    for (const place of places) {
      if (part(group, place) === 0) continue;
      const of = costs[place];
      busy[place] += part(group, place) * (of === undefined ? Infinity : of.seconds + of.callSeconds / batch);
    }
  }
  const threads = machine.device?.threads ?? 0;
  const slowest = Math.max(busy.pool / workers || 0, busy.device, (busy.pool + threads * busy.device) / machine.cores);

  const names = [...shares.keys()];
  const calls = names.map((name) => (part(name, "pool") > 0 ? workers : 0) + (part(name, "device") > 0 ? 1 : 0));
  let [bytes, worker] = [0, 0];
  for (const [i, name] of names.entries()) {
    const own = stages.filter(({ group }) => group === name);
    const output = own[own.length - 1].outputBytes * batch;
    // Where both places work, what one of them finishes during a call of the slower one waits for its turn.
    const call = (place: Place): number =>
      own.reduce((sum, { costs }) => sum + (costs[place]?.seconds ?? 0) * batch + (costs[place]?.callSeconds ?? 0), 0);
    const isSplit = part(name, "pool") > 0 && part(name, "device") > 0;
    const least = isSplit ? Math.ceil((Math.max(call("pool"), call("device")) / slowest / batch) * (1 - 1e-12)) : 0;
    const waiting = calls[i] + (queue?.(name) ?? least) + (calls[i + 1] ?? 1);
    bytes += waiting * output;
    const between = own.slice(0, -1).reduce((sum, { outputBytes }) => sum + outputBytes, 0);
    const at = (place: Place): number =>
      own.reduce(
        (sum, { costs }) => sum + (costs[place]?.callBytes ?? 0) + batch * (costs[place]?.bytes ?? 0),
        between,
      );
    if (part(name, "pool") > 0) worker = Math.max(worker, at("pool"));
    if (part(name, "device") > 0) bytes += at("device");
  }
  return { rate: 1 / slowest, bytes: bytes + workers * worker };
}
