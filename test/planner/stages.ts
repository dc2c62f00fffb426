/** Made-up work and machines for the tests of the planner. */
import type { Cost, Limits, Machine, Place, Stage } from "../../src/planner/types.js";

export const MIB = 2 ** 20;

export function cost(milliseconds: number, changes: Partial<Cost> = {}): Cost {
  return { seconds: milliseconds / 1000, callSeconds: 0, bytes: 0, callBytes: 0, ...changes };
}

export function stage(name: string, group: string, place: Place, own: Cost, outputBytes = MIB): Stage {
  return { name, group, place, cost: own, outputBytes };
}

/** Stages like those of preprocess: all of them are one call of the pool. */
export const ALIGN: readonly Stage[] = [
  stage("read", "photo", "pool", cost(0.1), MIB / 8),
  stage("decode", "photo", "pool", cost(3)),
  stage("align", "photo", "pool", cost(0.5), MIB / 4),
  stage("encode", "photo", "pool", cost(2), MIB / 16),
  stage("write", "photo", "pool", cost(0.3), 0),
];

/** Stages like those of train. */
export function training(deviceMilliseconds: number): readonly Stage[] {
  return [
    stage("read", "load", "pool", cost(0.1)),
    stage("decode", "load", "pool", cost(3)),
    stage("upload", "update", "device", cost(0.2)),
    stage("update", "update", "device", cost(deviceMilliseconds, { bytes: 20 * MIB, callBytes: 64 * MIB }), 0),
  ];
}

/** Stages like those of swap, whose calls cost something and whose images are encoded by the main thread. */
export function editing(deviceMilliseconds: number): readonly Stage[] {
  const forward = cost(deviceMilliseconds, { callSeconds: 0.01, bytes: 8 * MIB, callBytes: 32 * MIB });
  return [
    stage("decode", "load", "pool", cost(3, { callBytes: 16 * MIB })),
    stage("forward", "model", "device", forward),
    stage("encode", "write", "device", cost(1), 0),
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
        const works = device === null ? { align: ALIGN } : { train: training(each), swap: editing(each) };
        for (const [work, stages] of Object.entries(works)) {
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

export function outcomeOf(
  { stages, machine }: Case,
  workers: number,
  batch: number,
  queue: (group: string) => number = () => 0,
): Outcome {
  const at = (place: Place): readonly Stage[] => stages.filter((own) => own.place === place);
  const secondsOf = (some: readonly Stage[]): number =>
    some.reduce((sum, { cost: { seconds, callSeconds } }) => sum + (seconds * batch + callSeconds) / batch, 0);
  const busy = { pool: secondsOf(at("pool")), device: secondsOf(at("device")) };
  const threads = machine.device?.threads ?? 0;
  const slowest = Math.max(busy.pool / workers || 0, busy.device, (busy.pool + threads * busy.device) / machine.cores);

  const names = [...new Set(stages.map(({ group }) => group))];
  const groups = names.map((name) => stages.filter(({ group }) => group === name));
  const calls = groups.map(([{ place }]) => (place === "pool" ? workers : 1));
  let [bytes, worker] = [0, 0];
  for (const [i, own] of groups.entries()) {
    const waiting = calls[i] + queue(names[i]) + (calls[i + 1] ?? 1);
    bytes += waiting * own[own.length - 1].outputBytes * batch;
    const between = own.slice(0, -1).reduce((sum, { outputBytes }) => sum + outputBytes, 0);
    const working = own.reduce((sum, { cost: { callBytes, bytes: each } }) => sum + callBytes + batch * each, between);
    if (own[0].place === "pool") worker = Math.max(worker, working);
    else bytes += working;
  }
  return { rate: 1 / slowest, bytes: bytes + workers * worker };
}
