/** The machine in a few words: for reports, benchmark results and `elegant doctor`. Loads no TensorFlow.js. */
import { readdirSync, readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, freemem, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { formatGibibytes } from "../../gibibytes.js";

export interface MachineDescription {
  /** Operating system, version and processor architecture: "Linux 6.1.0 x64". */
  readonly os: string;
  readonly cpu: string;
  /** Threads that this process may use, which a container can limit. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeBytes: number;
  /** Memory that the container (cgroup) allows; null if it does not limit it. */
  readonly memoryLimitBytes: number | null;
  /** Without the "v": "20.20.2". */
  readonly node: string;
  /** Names of NVIDIA GPUs whose driver is loaded; others are not found this way. */
  readonly gpus: readonly string[];
}

export function describeMachine(): MachineDescription {
  const memoryBytes = totalmem();
  // 0 if unknown, and a huge number if the cgroup sets no limit.
  const limit = process.constrainedMemory();
  return {
    os: `${type()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() || "unknown", // no list on some ARM systems
    cores: availableParallelism(),
    memoryBytes,
    freeBytes: freemem(),
    memoryLimitBytes: limit !== undefined && limit > 0 && limit < memoryBytes ? limit : null,
    node: process.versions.node,
    gpus: listNvidiaGpus("/proc/driver/nvidia/gpus"),
  };
}

/** The machine as label and value, for tables and reports. */
export function listMachine(machine: MachineDescription): { label: string; value: string }[] {
  const { memoryBytes, freeBytes, memoryLimitBytes: limit } = machine;
  const limited = limit === null ? "" : `, limited to ${formatGibibytes(limit)} by the container`;
  return [
    { label: "System", value: machine.os },
    { label: "CPU", value: machine.cpu },
    { label: "Cores", value: String(machine.cores) },
    { label: "Memory", value: `${formatGibibytes(memoryBytes)}, ${formatGibibytes(freeBytes)} free${limited}` },
    { label: "GPU", value: machine.gpus.length === 0 ? "no NVIDIA driver found" : machine.gpus.join(", ") },
    { label: "Node.js", value: machine.node },
  ];
}

/** Reads the Linux driver's file about each card; there is one folder per card. Empty without such a driver. */
export function listNvidiaGpus(folder: string): string[] {
  let cards: string[];
  try {
    cards = readdirSync(folder).sort();
  } catch {
    return [];
  }
  return cards.flatMap((card) => {
    try {
      const text = readFileSync(join(folder, card, "information"), "utf8");
      return [/^Model:\s*(.+)$/m.exec(text)?.[1].trim() ?? "NVIDIA GPU"];
    } catch {
      return [];
    }
  });
}

/** What decides how much memory this process may still take. */
export interface MemoryState extends Pick<MachineDescription, "memoryBytes" | "freeBytes" | "memoryLimitBytes"> {
  /** As process.platform names it. */
  readonly platform: string;
}

/** Bytes that this process may take in addition to the `residentBytes` that it has now; negative above the container's limit. */
export function availableBytes(
  { platform, memoryBytes, freeBytes, memoryLimitBytes }: MemoryState,
  residentBytes: number,
): number {
  // macOS does not count memory as free that it could give back immediately: half of all is the better guess.
  const free = platform === "darwin" ? Math.max(freeBytes, memoryBytes / 2) : freeBytes;
  return memoryLimitBytes === null ? free : Math.min(free, memoryLimitBytes - residentBytes);
}
