/**
 * The common parts of all sections of bench/gpu.ts: where rows are collected, and how we and PyTorch take turns on the
 * device.
 */
import { availableParallelism } from "node:os";
import { openDevice } from "../../src/device/open.js";
import { type Row, row, type Timing } from "../measure.js";
import type { PeerRequest, Precision, TorchPeer } from "./peer.js";
import type { Budget, Section } from "./timing.js";

/** Sizes of all measured work: pixels, images (pairs in updates), channels. */
export interface Sizes {
  readonly width: number;
  readonly swap: { readonly size: number; readonly batches: readonly number[] };
  readonly updates: { readonly sizes: readonly number[]; readonly batch: number };
  readonly inception: { readonly size: number; readonly batch: number; readonly dims: 64 | 2048 };
  readonly layers: { readonly size: number; readonly batch: number };
  /** Side of the square matrices. */
  readonly product: number;
  /** Number of values that are copied. */
  readonly copy: number;
}

export const FULL: Sizes = {
  width: 64,
  swap: { size: 256, batches: [1, 16] },
  updates: { sizes: [64, 128, 256], batch: 16 },
  inception: { size: 299, batch: 32, dims: 2048 },
  layers: { size: 256, batch: 16 },
  product: 4096,
  copy: 2 ** 26,
};

/** All work in sizes small enough for a software driver. It checks the bench and measures nothing. */
export const TINY: Sizes = {
  width: 4,
  swap: { size: 64, batches: [1, 2] },
  updates: { sizes: [64], batch: 1 },
  inception: { size: 75, batch: 1, dims: 64 },
  layers: { size: 64, batch: 1 },
  product: 64,
  copy: 2 ** 14,
};

/** Attributes of the measured networks. */
export const ATTRIBUTES = ["Bangs", "Eyeglasses"];

/** With all bits, like ours, and with PyTorch's default for convolutions. */
export const BOTH: readonly Precision[] = ["float32", "tf32"];

export interface Bench {
  readonly device: "webgpu" | "tensorflow";
  readonly sizes: Sizes;
  readonly budget: Budget;
  readonly peer: TorchPeer | null;
  readonly rows: Row[];
}

/** Opens the device for one body, so that a GPU's memory is freed afterwards, and a failure does not affect other work. */
export async function onDevice<T>(bench: Bench, body: () => Promise<T>): Promise<T> {
  const device = await openDevice(bench.device, availableParallelism());
  try {
    return await body();
  } finally {
    await device.close();
  }
}

/** Runs a section's code. If it fails, only its own rows are left out. */
export async function attempt<T>(bench: Bench, work: string, body: () => Promise<T>): Promise<T | null> {
  try {
    return await body();
  } catch (error) {
    bench.budget.skip(work, error instanceof Error ? error.message : String(error));
    return null;
  }
}

export interface Comparison {
  readonly work: string;
  /** Measures for about this number of seconds. */
  readonly ours: (seconds: number) => Promise<Timing>;
  readonly request: Omit<PeerRequest, "precision">;
  readonly precisions?: readonly Precision[];
  /** Number of items per run; times are divided by it. */
  readonly items?: number;
}

export interface Compared {
  readonly ours: Timing;
  /** PyTorch's time in float32. */
  readonly peer: Timing | null;
}

/** Measures ours, then PyTorch, and adds the rows. @returns null if there was no time or ours failed */
export async function compare(
  { peer, rows }: Bench,
  section: Section,
  { work, ours, request, precisions = BOTH, items = 1 }: Comparison,
): Promise<Compared | null> {
  const seconds = section.next(work);
  if (seconds === null) return null;
  const share = seconds / (1 + (peer === null ? 0 : precisions.length));
  const timing = await ours(share);
  const peers: Timing[] = [];
  for (const precision of precisions) {
    if (peer === null) break;
    const measured = await peer.measure({ ...request, precision } as PeerRequest, share);
    if (measured === null) break;
    const compared = { name: `PyTorch, ${precision}`, version: peer.version, timing: measured };
    rows.push(row(work, timing, items, compared));
    peers.push(measured);
  }
  if (peers.length === 0) rows.push(row(work, timing, items));
  const times = [timing, ...peers].map(({ ms }) => (ms / items).toPrecision(3));
  console.log(`${work}: ${times.join(" ms, PyTorch ")} ms`);
  return { ours: timing, peer: peers[0] ?? null };
}
