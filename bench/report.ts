/**
 * The results of a bench: printed, and written to bench/results/NAME-nodeMAJOR-BUILD.json. `npm run bench:table` makes
 * the table of docs/performance.md from these files.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseBuild } from "../src/kernels/simd.js";
import type { Row } from "./measure.js";
import { UNSET } from "./processes.js";
import { usedVersions } from "./versions.js";

export const RESULTS = fileURLToPath(new URL("../../bench/results/", import.meta.url)); // from dist/bench

export interface Results {
  /** Processor, widest vectors, number of threads. */
  readonly machine: string;
  /** Such as "v24.11.0". */
  readonly node: string;
  readonly v8: string;
  /** The build of our kernels: plain or relaxed. */
  readonly build: string;
  /** Day in UTC, such as "2026-11-30". */
  readonly date: string;
  readonly command: string;
  /** Versions of the libraries that were compared, by name. */
  readonly peers: Readonly<Record<string, string>>;
  /** Variables of the environment that the Python peers did not get. */
  readonly unset: readonly string[];
  readonly rows: readonly Row[];
}

/** The widest vectors of the processor, which decide how fast the peers are; null where they are unknown. */
function widestVectors(): string | null {
  if (!existsSync("/proc/cpuinfo")) return null;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1].trim().split(/\s+/) ?? [];
  const found = { avx512f: "AVX-512", avx2: "AVX2", avx: "AVX", sse2: "SSE2" };
  return Object.entries(found).find(([flag]) => flags.includes(flag))?.[1] ?? null;
}

function machineName(): string {
  const vectors = widestVectors();
  const parts = [cpus()[0]?.model.trim() ?? "unknown processor", ...(vectors === null ? [] : [vectors])];
  return `${parts.join(", ")}, ${cpus().length} threads`;
}

/** Rows as they are printed. */
const printed = (rows: readonly Row[]) => {
  const digits = (value: number | null): number | string => (value === null ? "" : Number(value.toPrecision(3)));
  return rows.map(({ work, oursMs, spread, peer, peerMs, ratio, atMost }) => ({
    work,
    ms: digits(oursMs),
    spread: digits(spread),
    peer: peer ?? "",
    "peer ms": digits(peerMs),
    ratio: digits(ratio),
    "at most": digits(atMost),
  }));
};

/** The file of a bench's results on this engine and with this build of the kernels. */
export function resultsFile(name: string): string {
  return join(RESULTS, `${name}-node${process.versions.node.split(".")[0]}-${chooseBuild()}.json`);
}

/** Prints a table and writes the results. @param more what the file contains in addition */
export async function report(name: string, rows: readonly Row[], more: Record<string, unknown> = {}): Promise<void> {
  const [, script, ...words] = process.argv;
  const results: Results = {
    machine: machineName(),
    node: process.version,
    v8: process.versions.v8,
    build: chooseBuild(),
    date: new Date().toISOString().slice(0, 10),
    command: ["node", `dist/bench/${basename(script)}`, ...words].join(" "),
    peers: usedVersions(),
    unset: UNSET,
    rows,
  };
  const { machine, node, v8, build, date, peers } = results;
  console.log(`${machine}. Node.js ${node}, V8 ${v8}, ${build} kernels, ${date}`);
  for (const [library, version] of Object.entries(peers)) console.log(`${library} ${version}`);
  for (const variable of UNSET) console.log(`${variable} is set here; the Python peers ran without it.`);
  console.table(printed(rows));
  await mkdir(RESULTS, { recursive: true });
  const path = resultsFile(name);
  await writeFile(path, `${JSON.stringify({ ...results, ...more }, null, 2)}\n`);
  console.log(`Written to ${path}`);
}
