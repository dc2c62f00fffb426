/** Updates of the preset `modern` on a device, and comparisons with the numbers of PyTorch. */
import assert from "node:assert/strict";
import { openDevice } from "../../src/device/open.js";
import { compareTensor, type Summary } from "../../src/golden/compare.js";
import { type ModernCase, type ModernResult, modernUpdates } from "./modern.js";

/** Tolerances, as shares of a tensor's rms or of a loss. We compared wasm with PyTorch's float64. */
export const TOLERANCES = {
  /** We measured 2.5e-6 for a change, which is a difference of residuals that cancels. */
  losses: 2e-5,
  /** Tolerance of single values. We measured 5.7e-5 for such differences and 3.5e-6 for other values. */
  forward: 3e-4,
  /** Tolerance of single values. We measured 8e-5, and 3e-4 for a beta, which is a sum that cancels. */
  gradients: 1e-3,
  /**
   * Tolerance of a whole tensor. Adam's steps have the learning rate's length, so a weight may move either way if its
   * gradient is only rounding.
   */
  moved: 0.02,
} as const;

export const kindOf = (name: string): Exclude<keyof typeof TOLERANCES, "losses"> => {
  if (name.startsWith("grad.")) return "gradients";
  return name.startsWith("moved.") || name.startsWith("average.") ? "moved" : "forward";
};

export type Losses = Readonly<Record<string, number>>;

export interface Golden extends ModernCase {
  readonly losses: readonly Losses[];
  readonly tensors: Readonly<Record<string, Summary>>;
}

export async function updatesOn(
  device: "wasm" | "webgpu" | "cpu",
  of: ModernCase,
  { threads = 1, part = Infinity } = {},
): Promise<ModernResult> {
  const opened = await openDevice(device, threads);
  try {
    return await modernUpdates(of, part);
  } finally {
    await opened.close();
  }
}

export function assertLosses(received: ModernResult["losses"], expected: readonly Losses[]): void {
  assert.equal(received.length, expected.length);
  for (const [update, losses] of expected.entries()) {
    assert.deepEqual(Object.keys(received[update]).sort(), Object.keys(losses).sort(), `update ${update}`);
    for (const [name, value] of Object.entries(received[update])) {
      const error = Math.abs(value - losses[name]) / Math.abs(losses[name]);
      assert.ok(error <= TOLERANCES.losses, `update ${update}, ${name}: ${value}, ${losses[name]}`);
    }
  }
}

export const rms = (values: ArrayLike<number>): number => {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] ** 2;
  return Math.sqrt(squares / values.length);
};

/** Fails if a tensor differs by more than the tolerance of its kind, and lists all such tensors. */
export function assertTensors(
  received: ModernResult["tensors"],
  expected: ReadonlyMap<string, ArrayLike<number>>,
): void {
  assert.deepEqual([...received.keys()].sort(), [...expected.keys()].sort());
  const wrong: string[] = [];
  for (const [name, values] of expected) {
    const own = received.get(name) as Float32Array;
    const kind = kindOf(name);
    const differences = own.map((value, i) => value - values[i]);
    const largest =
      kind === "moved" ? rms(differences) : differences.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const error = largest / rms(values);
    if (own.length !== values.length || !(error <= TOLERANCES[kind])) wrong.push(`${name}: ${error} of its rms`);
  }
  assert.deepEqual(wrong, []);
}

/** Fails unless the updates have the golden losses, and their tensors the golden summaries. */
export function assertGolden(golden: Golden, { losses, tensors }: ModernResult): void {
  assertLosses(losses, golden.losses.slice(0, losses.length));
  const wrong: string[] = [];
  const isWhole = losses.length === golden.updates;
  // A batch in parts has no forward trace; fewer updates move the weights less.
  const isComparable = (name: string): boolean => tensors.has(name) && (isWhole || kindOf(name) !== "moved");
  const summarized = Object.entries(golden.tensors).filter(([name]) => isComparable(name));
  for (const [name, summary] of summarized) {
    const kind = kindOf(name);
    const tolerance = TOLERANCES[kind] * (kind === "moved" ? 3 : 1);
    const values = tensors.get(name) as Float32Array;
    const { error, at } = compareTensor(name, name, summary, values, tolerance);
    if (!(error <= tolerance)) wrong.push(`${name}: ${error} of its rms at ${at}`);
  }
  assert.deepEqual(wrong, []);
  // 52 parameters, 32 of them with an average.
  const isForward = ([name]: readonly [string, Summary]): boolean => kindOf(name) === "forward";
  assert.equal(summarized.filter((entry) => !isForward(entry)).length, isWhole ? 2 * 52 + 32 : 52);
}
