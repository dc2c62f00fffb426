/** How much memory an update takes, and in how many parts a batch is computed so that it fits. */
import { formatGibibytes } from "../gibibytes.js";
import type { ModelConfig } from "../methods/elegant/config.js";
import type { MethodSettings } from "../methods/elegant/presets.js";
import { DISCRIMINATORS, GENERATOR, type Network, parameterSpecs } from "../nn/parameters.js";

/** What the memory of an update depends on, beside the pairs computed at once. */
export interface UpdateFacts extends Pick<MethodSettings, "r1" | "ema" | "slice"> {
  readonly config: ModelConfig;
}

/** For Node.js itself, pictures decoded ahead, and a checkpoint while it is written. */
const HEAD_ROOM = 0.75 * 2 ** 30;

/** What says how much memory tensors may take. */
export interface MemoryFacts {
  /** The most that the device's one memory can have, and what it has taken already. */
  readonly heap: { readonly limitBytes: number; readonly reservedBytes: number };
  readonly machine: {
    readonly platform: string;
    readonly memoryBytes: number;
    readonly freeBytes: number;
    /** What the container allows, null where that is all of it. */
    readonly memoryLimitBytes: number | null;
  };
  /** What this process has now. */
  readonly residentBytes: number;
}

/** Bytes that all tensors together may take. */
export function roomForTensors({ heap, machine, residentBytes }: MemoryFacts): number {
  const { platform, memoryBytes, memoryLimitBytes } = machine;
  // macOS keeps what it could give at once out of the free memory: half of all is the better guess.
  const free = platform === "darwin" ? Math.max(machine.freeBytes, memoryBytes / 2) : machine.freeBytes;
  const left = memoryLimitBytes === null ? free : Math.min(free, memoryLimitBytes - residentBytes);
  return Math.max(0, Math.min(heap.limitBytes, heap.reservedBytes + left - HEAD_ROOM));
}

/** Values of all parameters of some networks. */
function countParameters(config: ModelConfig, networks: readonly Network[]): number {
  return parameterSpecs(config, networks).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/**
 * About how many bytes of tensors there are at once in an update that computes `part` pairs at a time, parameters included.
 *
 * What lies between the layers grows with the pairs, the picture's area and the width; what has the shape of pictures or of
 * planes of labels with the area alone. Counting layer by layer would depend on when TensorFlow.js frees what, so the
 * factors were fitted to what the heap had taken after two updates (bench/batch-memory.ts): 64 to 256 px, width 16 to 128, 1 to 16
 * pairs, whole and in parts, with and without R1 and resizing. Over 19 of them the estimate was 3.1 % too low to 4.4 % too
 * high, and 9 % too low at width 8, where an update takes 30 MiB. For `modern` it was 6.2 % too low to 5.6 % too high over 14 rows of
 * 64 to 256 px, width 8 to 64, 1 to 16 pairs. Four blocks, the mask and the difference of edits change less than that.
 * @param whole the batch is one part: the discriminators then learn while the generator's tape is held
 */
export function updateBytes({ config, r1, ema, slice }: UpdateFacts, part: number, whole: boolean): number {
  const { width, attributes, size, upsampling, discriminatorNorm } = config;
  const generator = countParameters(config, GENERATOR);
  const discriminators = countParameters(config, DISCRIMINATORS);
  const all = generator + discriminators;
  // Values for each pixel of a pair: between the layers, pictures, labels.
  let perPixel = 20.7 * width + 166 + 21 * attributes.length;
  // Parameters, two moments, gradients, packed filters.
  let values = 4.2 * all;
  if (!whole) {
    perPixel -= 3.2 * width;
    values += 2.5 * all; // the sums beside the gradients of a part
  }
  // The penalty is over before the encoder looks at C and D, and what it leaves free is used again.
  let larger = slice > 0 ? 4.4 * width : 0;
  if (r1 > 0 && discriminatorNorm === "unit-length") {
    larger = Math.max(larger, (whole ? 35.5 : 30) * width);
    values += 2.8 * discriminators;
  }
  perPixel += larger;
  if (upsampling === "resize") values += 11 * generator; // filters over a box, in steps
  if (ema > 0) values += generator;
  return 4 * (values + perPixel * size ** 2 * part);
}

/**
 * Bytes of the largest tensor of an update: the outputs of a block of half the picture's side (the decoder's and the first
 * discriminator's) for A, B, C and D, or with many attributes what that discriminator is given, pictures and, without heads, planes
 * of labels.
 */
export function largestTensorBytes({ width, attributes, size, condition }: ModelConfig, part: number): number {
  const planes = condition === "planes" ? attributes.length : 0;
  return 4 * 4 * part * Math.max((size / 2) ** 2 * width, size ** 2 * (3 + planes));
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
export function divideBatch(facts: UpdateFacts, batch: number, room: Room): Division {
  const bytesOf = (part: number): number => MARGIN * updateBytes(facts, part, part >= batch);
  const tensorOf = (part: number): number => largestTensorBytes(facts.config, part);
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
