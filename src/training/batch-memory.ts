/** How much memory an update may use, and the number of parts in which a batch is computed so that it fits. */
import { availableBytes, type MemoryState } from "../device/node/machine.js";
import { formatGibibytes } from "../gibibytes.js";
import type { MemoryNeeds } from "../methods/method.js";

/** Bytes for Node.js itself, images decoded ahead, and a checkpoint while it is written. */
const HEAD_ROOM = 0.75 * 2 ** 30;

/** Facts that determine how much memory tensors may use. */
export interface MemoryFacts {
  /** Bytes that the device's one memory can have at most, and bytes that it has reserved already. */
  readonly heap: { readonly limitBytes: number; readonly reservedBytes: number };
  readonly machine: MemoryState;
  /** Bytes that this process uses now. */
  readonly residentBytes: number;
}

/** Returns the bytes that all tensors together may use. */
export function roomForTensors({ heap, machine, residentBytes }: MemoryFacts): number {
  const left = availableBytes(machine, residentBytes);
  return Math.max(0, Math.min(heap.limitBytes, heap.reservedBytes + left - HEAD_ROOM));
}

/** Factor on the estimate, which may be a little low. */
const MARGIN = 1.07;

/** How a batch is computed. */
export interface Division {
  /** Pairs per update. */
  readonly batch: number;
  /** The most pairs that are computed at the same time. */
  readonly part: number;
  /** Estimated bytes for the whole batch at the same time and for the parts. */
  readonly wholeBytes: number;
  readonly partBytes: number;
  /** Bytes of the largest tensor in both cases. */
  readonly wholeTensorBytes: number;
  readonly partTensorBytes: number;
}

/** Memory that the device has for tensors; Infinity if it is not known. */
export interface Room {
  /** Bytes that all tensors together may use. */
  readonly bytes: number;
  /** Bytes that one tensor may use. */
  readonly tensorBytes: number;
}

/**
 * Divides a batch into the fewest parts that fit, as equal as possible. If not even single pairs fit, it returns single
 * pairs, since the estimate may be too high. A batch that cannot be divided stays whole.
 */
export function divideBatch(needs: MemoryNeeds, batch: number, room: Room): Division {
  const bytesOf = (part: number): number => MARGIN * needs.updateBytes(part, part >= batch);
  const tensorOf = (part: number): number => needs.largestTensorBytes(part);
  const divided = (part: number): Division => ({
    ...{ batch, part, wholeBytes: bytesOf(batch), partBytes: bytesOf(part) },
    ...{ wholeTensorBytes: tensorOf(batch), partTensorBytes: tensorOf(part) },
  });
  if (!needs.isDivisible) return divided(batch);
  for (let parts = 1; parts < batch; parts++) {
    const division = divided(Math.ceil(batch / parts));
    if (fits(division, room)) return division;
  }
  return divided(1);
}

const fits = ({ partBytes, partTensorBytes }: Division, { bytes, tensorBytes }: Room): boolean =>
  partBytes <= bytes && partTensorBytes <= tensorBytes;

/** Describes the sizes of the parts in words: "8", or "6, 6 and 4". */
function describeParts({ batch, part }: Division): string {
  const parts = Math.ceil(batch / part);
  const last = batch - (parts - 1) * part;
  const of = last === part ? `${part} + ${part}` : `${part} + ${part}, the last of ${last} + ${last}`;
  return `${parts} parts of ${of}`;
}

/** Makes one line about a batch that is computed in parts; null for any other batch. */
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
