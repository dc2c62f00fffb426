/** How much memory there is for an update, and in how many parts a batch is computed so that it fits. */
import { availableBytes, type MemoryState } from "../device/node/machine.js";
import { formatGibibytes } from "../gibibytes.js";
import type { MemoryNeeds } from "../methods/method.js";

/** For Node.js itself, pictures decoded ahead, and a checkpoint while it is written. */
const HEAD_ROOM = 0.75 * 2 ** 30;

/** What says how much memory tensors may take. */
export interface MemoryFacts {
  /** The most that the device's one memory can have, and what it has taken already. */
  readonly heap: { readonly limitBytes: number; readonly reservedBytes: number };
  readonly machine: MemoryState;
  /** What this process has now. */
  readonly residentBytes: number;
}

/** Bytes that all tensors together may take. */
export function roomForTensors({ heap, machine, residentBytes }: MemoryFacts): number {
  const left = availableBytes(machine, residentBytes);
  return Math.max(0, Math.min(heap.limitBytes, heap.reservedBytes + left - HEAD_ROOM));
}

/** Of the estimate, which may be a little low. */
const MARGIN = 1.07;

/** How a batch is computed. */
export interface Division {
  /** Pairs in an update. */
  readonly batch: number;
  /** The most of them that are computed at once. */
  readonly part: number;
  /** Estimates for the whole batch at once and for the parts. */
  readonly wholeBytes: number;
  readonly partBytes: number;
  /** The largest tensors of both. */
  readonly wholeTensorBytes: number;
  readonly partTensorBytes: number;
}

/** What the device gives; Infinity where nobody knows. */
export interface Room {
  /** What all tensors together may take. */
  readonly bytes: number;
  /** What one may. */
  readonly tensorBytes: number;
}

/**
 * The fewest parts that fit, as equal as they can be; single pairs where not even these do, as the estimate may be too high.
 */
export function divideBatch(needs: MemoryNeeds, batch: number, room: Room): Division {
  const bytesOf = (part: number): number => MARGIN * needs.updateBytes(part, part >= batch);
  const tensorOf = (part: number): number => needs.largestTensorBytes(part);
  const divided = (part: number): Division => ({
    ...{ batch, part, wholeBytes: bytesOf(batch), partBytes: bytesOf(part) },
    ...{ wholeTensorBytes: tensorOf(batch), partTensorBytes: tensorOf(part) },
  });
  for (let parts = 1; parts < batch; parts++) {
    const division = divided(Math.ceil(batch / parts));
    if (fits(division, room)) return division;
  }
  return divided(1);
}

const fits = ({ partBytes, partTensorBytes }: Division, { bytes, tensorBytes }: Room): boolean =>
  partBytes <= bytes && partTensorBytes <= tensorBytes;

/** 8, or 6, 6 and 4: the sizes of the parts in words. */
function describeParts({ batch, part }: Division): string {
  const parts = Math.ceil(batch / part);
  const last = batch - (parts - 1) * part;
  const of = last === part ? `${part} + ${part}` : `${part} + ${part}, the last of ${last} + ${last}`;
  return `${parts} parts of ${of}`;
}

/** One line about a batch that is computed in parts; null for one that is not. */
export function describeDivision(division: Division, room: Room): string | null {
  const { batch, part, wholeBytes, partBytes, wholeTensorBytes, partTensorBytes } = division;
  const isEnough = fits(division, room);
  if (part === batch && isEnough) return null;
  const ofAll = `takes about ${formatGibibytes(wholeBytes)} of memory, there is room for ${formatGibibytes(room.bytes)}`;
  const ofOne = `has tensors of ${formatGibibytes(wholeTensorBytes)}, the device takes ${formatGibibytes(room.tensorBytes)}`;
  const needs = wholeBytes > room.bytes ? ofAll : ofOne;
  const how = part === batch ? "computed all the same" : `computed in ${describeParts(division)}, same result`;
  const still = formatGibibytes(partBytes > room.bytes ? partBytes : partTensorBytes);
  const doubt = isEnough ? "" : ` (${still}: may fail; close other programs or use a smaller --width)`;
  return `batch ${batch} + ${batch} ${needs}: ${how}${doubt}`;
}
