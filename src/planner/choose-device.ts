/** `--device auto`: the command's own work is measured on every device that can run it, once, and the fastest one is opened. */
import { z } from "zod";
import type { DeviceChoice } from "../device/choices.js";
import type { Choice, Device, DeviceModule, DeviceName, Probe } from "../device/device.js";
import { DEVICE_MODULES } from "../device/devices.js";
import { describeMachine } from "../device/node/machine.js";
import { openBest, openDevice, openModule } from "../device/open.js";
import { chooseBuild } from "../kernels/simd.js";
import { entryOf, readEntry, writeEntry } from "./entry.js";

/** A sample of a command's work, with made-up data: its model, size and batch. */
export interface Trial {
  /** Changes with everything that its time depends on, apart from the machine and the device. */
  readonly key: string;
  /** Name of a unit of its work, for messages: "update". */
  readonly unit: string;
  /** Units per run. */
  readonly units: number;
  /** Prepares it on the current device. */
  open(): Promise<OpenedTrial>;
}

export interface OpenedTrial {
  /** Ends when the device has finished. */
  run(): Promise<unknown>;
  close(): void;
}

export interface ChooseOptions {
  readonly threads: number;
  /** Whether to measure again even if the cache has the times. */
  readonly recalibrate?: boolean;
  readonly print: (line: string) => void;
  /** The devices, best first; tests replace them. */
  readonly modules?: readonly DeviceModule[];
  /** Clock in milliseconds; tests replace it. */
  readonly now?: () => number;
}

/** Runs that are timed, after one that warms up. */
const TIMED_RUNS = 2;
/** A CPU compiles nothing in its first run. If that run takes this many times as long as the best, timing stops. */
const HOPELESS = 10;

interface Candidate {
  readonly module: DeviceModule;
  readonly probe: Probe;
}

/** Seconds per unit, by the device's name. */
type Seconds = Readonly<Partial<Record<DeviceName, number>>>;

const secondsSchema = z.object({
  key: z.string(),
  seconds: z.partialRecord(z.enum(["tensorflow", "webgpu", "wasm", "cpu"]), z.number().nonnegative()),
});

/**
 * Opens the device for a command. If the user named none and this machine has several that suit the work, it is the one that
 * takes the least time for a trial; one line says how long each of them takes. The `cpu` device only checks the others, so it
 * is never compared with them.
 * @param trial made only if there is something to compare
 * @throws as openDevice() does, and InputError or RetryableError if the trial fails on every device
 */
export async function openForWork(
  choice: DeviceChoice,
  trial: () => Promise<Trial> | Trial,
  options: ChooseOptions,
): Promise<Device> {
  const { threads, print, modules = DEVICE_MODULES } = options;
  if (choice !== "auto") return openDevice(choice, threads);
  const probed = await Promise.all(modules.map(async (module) => ({ module, probe: await module.probe() })));
  const candidates = probed.filter(({ module, probe }) => probe.suitsAuto && module.name !== "cpu");
  if (candidates.length < 2) return openBest(threads, probed.map(withProbe));
  const work = await trial();
  const seconds = await secondsOf(candidates, work, options);
  const rankOf = ({ module }: Candidate): number => seconds[module.name] ?? Infinity;
  const ranked = [...candidates].sort((a, b) => rankOf(a) - rankOf(b));
  const times = ranked.map(({ module }, i) => {
    const own = seconds[module.name];
    const time = own === undefined ? "failed" : formatSeconds(own);
    return `${module.name}${i === 0 ? ":" : ""} ${time}${i === 0 ? ` per ${work.unit}` : ""}`;
  });
  print(`device ${times.join(", ")}; --device overrides`);
  const [fastest, ...slower] = ranked;
  const reason = `the fastest of ${ranked.length} devices for this work`;
  const others = probed.filter((one) => !candidates.includes(one));
  const inOrder = [{ ...fastest, probe: { ...fastest.probe, reason } }, ...slower, ...others];
  return openBest(threads, inOrder.map(withProbe));
}

/** Returns the module with the result of an earlier search. */
const withProbe = ({ module, probe }: Candidate): DeviceModule => ({
  name: module.name,
  open: (options) => module.open(options),
  probe: async () => probe,
});

function formatSeconds(seconds: number): string {
  return seconds < 0.1 ? `${Number((seconds * 1000).toPrecision(2))} ms` : `${Number(seconds.toPrecision(2))} s`;
}

/** Returns seconds from the cache, or measures and keeps them. A device that fails is measured again the next time. */
async function secondsOf(candidates: readonly Candidate[], trial: Trial, options: ChooseOptions): Promise<Seconds> {
  const { threads, recalibrate = false, print } = options;
  const { cpu, cores, node } = describeMachine();
  const found = candidates.map(({ module, probe }) => `${module.name} ${probe.reason}`);
  const entry = entryOf(
    "device",
    `${cpu}, ${cores} cores, Node ${node}, ${threads} threads, ${chooseBuild()}`,
    ...found,
    trial.key,
  );
  const known = recalibrate ? null : await readEntry(entry, secondsSchema);
  if (known !== null) return known.seconds;
  const names = candidates.map(({ module }) => module.name).join(" and ");
  print(`measuring this work on ${names}, once`);
  const seconds: Partial<Record<DeviceName, number>> = {};
  let failure: unknown;
  for (const { module } of candidates) {
    try {
      const best = Math.min(...Object.values(seconds), Infinity);
      seconds[module.name] = await measure(module, trial, best, options);
    } catch (error) {
      failure = error;
      print(`device ${module.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const measured = Object.keys(seconds).length;
  if (measured === 0) throw failure;
  if (measured === candidates.length) await writeEntry(entry, { seconds });
  return seconds;
}

/** Seconds per unit: the shortest of the timed runs, since other work on the machine can only make them longer. */
async function measure(
  module: DeviceModule,
  trial: Trial,
  best: number,
  { threads, now = () => performance.now() }: ChooseOptions,
): Promise<number> {
  const choice: Choice = { reason: "to be measured", isAutomatic: true, isFallback: false };
  const device = await openModule(module, { threads, choice });
  try {
    const opened = await trial.open();
    try {
      const time = async (): Promise<number> => {
        const began = now();
        await opened.run();
        return (now() - began) / 1000 / trial.units;
      };
      const first = await time();
      if (device.kind === "cpu" && first > HOPELESS * best) return first;
      let shortest = Infinity;
      for (let run = 0; run < TIMED_RUNS; run++) shortest = Math.min(shortest, await time());
      return shortest;
    } finally {
      opened.close();
    }
  } finally {
    await device.close();
  }
}
