/** `--batch auto`, and how an update's batch is computed on the current device and machine. */
import type { FaceDataset } from "../dataset/dataset.js";
import { currentDevice } from "../device/current.js";
import { describeMachine } from "../device/node/machine.js";
import type { MemoryNeeds } from "../methods/method.js";
import { type Division, describeDivision, divideBatch, type Room, roomForTensors } from "./batch-memory.js";
import { scarcestSide } from "./pairs.js";
import { savedRun } from "./run.js";

/** Pairs per update: a number, or "auto" if chooseBatch() chooses it. */
export type BatchChoice = number | "auto";

/** Pairs per update in ELEGANT's published code. */
export const PUBLISHED_BATCH = 16;

export interface ChosenBatch {
  readonly batch: number;
  /** Reason for the choice; null if the user gave the batch. */
  readonly reason: string | null;
}

/**
 * Chooses the pairs per update. For a resumed run, "auto" means the run's own batch. Otherwise it means the published
 * one, or as many pairs as the data have. It does not depend on memory: a smaller batch would change the training;
 * computing the published one in parts does not. A batch for all attributes together has the same number of pairs for
 * each, so it is rounded down to a multiple of their number.
 * @param joint   whether an update has pairs of all attributes
 * @param resumed the folder of a run that is resumed
 * @param published pairs per update in the method's published code
 */
export async function chooseBatch(
  asked: BatchChoice,
  dataset: FaceDataset,
  attributes: readonly string[],
  joint: boolean,
  resumed: string | null,
  published = PUBLISHED_BATCH,
): Promise<ChosenBatch> {
  const saved = asked !== "auto" || resumed === null ? null : (await savedRun(resumed)).settings;
  if (saved !== null)
    return { batch: saved.batch, reason: `--batch auto: ${saved.batch} + ${saved.batch}, as the run has it` };
  const groups = joint ? attributes.length : 1;
  const toEqualParts = (batch: number): number => groups * Math.max(1, Math.floor(batch / groups));
  const ofEach = joint ? `, ${toEqualParts(published) / groups} of each attribute` : "";
  if (asked !== "auto") {
    const batch = toEqualParts(asked);
    if (batch === asked) return { batch, reason: null };
    return { batch, reason: `--batch ${asked} is no multiple of the ${groups} attributes: ${batch} + ${batch}` };
  }
  const { count, having } = scarcestSide(dataset, attributes);
  if (groups * count >= published) {
    const batch = toEqualParts(published);
    return { batch, reason: `--batch auto: ${batch} + ${batch}, as published${ofEach}` };
  }
  // With no pairs, the sampler reports what is missing.
  const batch = groups * Math.max(1, count);
  const reason = `--batch auto: ${batch} + ${batch}, all ${count} training pictures ${having}; published are ${published}`;
  return { batch, reason };
}

/** Returns the memory that tensors can have on the current device; Infinity if the device does not report it. */
function currentRoom(): Room {
  const { heap = null, tensorBytes = Number.POSITIVE_INFINITY } = currentDevice()?.limits ?? {};
  if (heap === null) return { bytes: Number.POSITIVE_INFINITY, tensorBytes };
  const bytes = roomForTensors({
    heap: { limitBytes: heap.limitBytes, reservedBytes: heap.statistics.reservedBytes },
    machine: { platform: process.platform, ...describeMachine() },
    residentBytes: process.memoryUsage.rss(),
  });
  // Sheets and scores have other shapes than updates, but must not need more memory.
  heap.comfortBytes = Math.min(heap.limitBytes, bytes);
  return { bytes, tensorBytes };
}

export interface PlannedBatch extends Division {
  /** The choice and its reason for the user; null if the user gave the batch and it fits. */
  readonly description: string | null;
}

/** Plans how the batch is computed on the current device. */
export function planBatch(needs: MemoryNeeds, { batch, reason }: ChosenBatch): PlannedBatch {
  const room = currentRoom();
  const division = divideBatch(needs, batch, room);
  const divided = describeDivision(division, room);
  const lines = [reason, divided].filter((line) => line !== null);
  return { ...division, description: lines.length === 0 ? null : lines.join("; ") };
}
