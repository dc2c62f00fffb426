/**
 * Timing with warm-up and spread, and the form of the results that others read (docs/performance.md contains selected
 * tables).
 */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Timing {
  /** Median of the rounds in milliseconds. */
  readonly ms: number;
  /** (third quartile - first quartile) / median. */
  readonly spread: number;
}

/** Runs `work` `rounds` times after `warmUp` runs. Returns the milliseconds of one run. */
export async function measure(work: () => unknown, rounds = 9, warmUp = 2): Promise<Timing> {
  const times: number[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    const start = performance.now();
    await work();
    if (round >= 0) times.push(performance.now() - start);
  }
  return timingOf(times);
}

/** @param times milliseconds of each round */
export function timingOf(times: readonly number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const quantile = (q: number): number => sorted[Math.round((sorted.length - 1) * q)];
  return { ms: quantile(0.5), spread: (quantile(0.75) - quantile(0.25)) / quantile(0.5) };
}

export interface Row {
  readonly work: string;
  readonly oursMs: number;
  readonly spread: number;
  readonly peer: string | null;
  readonly peerMs: number | null;
  /** oursMs / peerMs of the same run; lower is better. */
  readonly ratio: number | null;
  readonly atMost: number | null;
}

/** A row of the results. Times are divided by `items`. @param atMost the target for the ratio */
export function row(
  work: string,
  ours: Timing,
  items: number,
  peer?: { name: string; timing: Timing },
  atMost: number | null = null,
): Row {
  const [oursMs, peerMs] = [ours.ms / items, peer === undefined ? null : peer.timing.ms / items];
  const ratio = peerMs === null ? null : oursMs / peerMs;
  return { work, oursMs, spread: ours.spread, peer: peer?.name ?? null, peerMs, ratio, atMost };
}

/** Prints a table and writes bench/results/NAME.json. @param more what the file contains in addition to the rows */
export async function report(name: string, rows: readonly Row[], more: Record<string, unknown> = {}): Promise<void> {
  const digits = (value: number | null): number | string => (value === null ? "" : Number(value.toPrecision(3)));
  console.table(
    rows.map(({ work, oursMs, spread, peer, peerMs, ratio, atMost }) => ({
      work,
      ms: digits(oursMs),
      spread: digits(spread),
      peer: peer ?? "",
      "peer ms": digits(peerMs),
      ratio: digits(ratio),
      "at most": digits(atMost),
    })),
  );
  const dir = fileURLToPath(new URL("../../bench/results/", import.meta.url)); // from dist/bench
  await mkdir(dir, { recursive: true });
  const machine = `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} threads`;
  const path = join(dir, `${name}.json`);
  await writeFile(path, `${JSON.stringify({ machine, node: process.version, rows, ...more }, null, 2)}\n`);
  console.log(`Written to ${path}`);
}
