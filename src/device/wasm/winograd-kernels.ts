/** Convolutions and their gradients by Winograd's minimal filtering, on a team's threads (src/kernels/winograd-plan.ts). */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import {
  tilesOf,
  WINOGRAD_PLAN_BYTES,
  type WinogradPlan,
  windowOf,
  writeWinogradPlan,
} from "../../kernels/winograd-plan.js";
import type { SharedMemoryBackend } from "./backend.js";
import { type Epilogue, NARROW, panelCount, roundUp, shareColumns } from "./panels.js";

/** Tiles of a block: their vectors should stay in the first-level cache, but each reads all packed filters of the block. */
const ROWS = 32;
/** Most columns of a block: its sums should stay in the second-level cache. */
const COLUMNS = 256;
const MOST_TAPS = 4;
/** As in assembly/nn/winograd-filter-gradient.ts: input channels of a unit of work, and tiles per sum. */
const GROUP = 64;
const DEPTH = 256;
/** Scratch memory of packWinogradFilter(), and of a list of the terms of an output. */
const PACK_BYTES = 21 * 256;
const TERMS_BYTES = 9 * 8;
/** Bytes of packed dy at a time, so that a large batch does not need a second and third copy of its dy. */
const PACKED = 16 * 1024 * 1024;
/** Combinations of a filter, of which each plan uses all. */
const COMBINATIONS = 16;
/** Tiles whose pixels a block finds. */
const FIND_ROWS = 256;
/** Tiles whose dy a block packs, and input channels of the filter that a block finishes. */
const PACK_ROWS = 64;
const FINISH_ROWS = 16;

interface Prepared {
  /** The plan's description. */
  readonly plan: number;
  /** The pixels of its tiles. */
  readonly pixels: number;
  /** Zeros for the pixels outside the image. */
  readonly zeros: number;
}

/** Runs `body` with the addresses of what the kernels of a plan read in addition to their data. @param x the plan's input */
function prepare(
  backend: SharedMemoryBackend,
  plan: WinogradPlan,
  x: number,
  body: (addresses: Prepared) => void,
): void {
  const { heap } = backend.team;
  const tiles = tilesOf(plan);
  const zeros = backend.zerosOf(plan.geometry.channels);
  heap.withBlock(WINOGRAD_PLAN_BYTES, (address) => {
    writeWinogradPlan(heap.words(), address, plan);
    heap.withBlock(tiles * windowOf(plan) ** 2 * 4, (pixels) => {
      const values = [address, x, zeros, pixels, FIND_ROWS];
      backend.team.run("findWinogradPixels", values, Math.ceil(tiles / FIND_ROWS));
      body({ plan: address, pixels, zeros });
    });
  });
}

/**
 * y of a forward plan from x, or dx of an input gradient's plan from dy.
 * @param name what the packed filter depends on in addition to its values and the plan's sizes
 */
export function runWinogradConv2d(
  backend: SharedMemoryBackend,
  plan: WinogradPlan,
  name: string,
  x: number,
  filter: TensorInfo | number,
  y: number,
  { bias, relu }: Epilogue,
): void {
  const { team } = backend;
  const { channels, columns } = plan.geometry;
  const sums = plan.lists.sums.length ** 2;
  const rows = roundUp(Math.min(ROWS, tilesOf(plan)), NARROW);
  const shared = shareColumns(Math.ceil(tilesOf(plan) / rows), columns, team.threads, COLUMNS);
  const last = Math.max(TERMS_BYTES, shared.columns * 4);
  const scratch = 4 * (rows * (sums * shared.columns + MOST_TAPS * channels + 5) + MOST_TAPS) + last;
  prepare(backend, plan, x, ({ plan: address, pixels }) => {
    const pack = (source: number, packed: number): void => {
      team.run("packWinogradFilter", [address, source, packed], panelCount(columns), PACK_BYTES);
    };
    const bytes = COMBINATIONS * channels * columns * 4;
    backend.withPacking(filter, `winograd ${name} ${channels} ${columns}`, bytes, pack, (packed) => {
      const values = [address, pixels, packed, bias, relu ? 1 : 0, y, rows, shared.columns];
      team.run("winogradConv2d", values, shared.blocks, scratch);
    });
  });
}

/** dw of a filter gradient's plan. */
export function runWinogradFilterGradient(
  backend: SharedMemoryBackend,
  plan: WinogradPlan,
  x: number,
  dy: number,
  dw: number,
): void {
  const { team } = backend;
  const { channels, columns } = plan.geometry;
  const sums = plan.lists.sums.length ** 2;
  const combinations = plan.lists.stride === 2 ? 9 : 16;
  const tileBytes = combinations * columns * 4;
  const tiles = tilesOf(plan);
  const chunk = Math.min(tiles, roundUp(Math.ceil(PACKED / tileBytes), DEPTH));
  const scratch = GROUP * DEPTH * 4 + 2 * GROUP * 4;
  prepare(backend, plan, x, ({ plan: address, pixels, zeros }) => {
    team.heap.withBlock(sums * channels * columns * 4, (results) => {
      team.heap.withBlock(chunk * tileBytes, (packed) => {
        for (let first = 0; first < tiles; first += chunk) {
          const count = Math.min(chunk, tiles - first);
          const packing = [address, dy, packed, zeros, first, count, PACK_ROWS];
          team.run("packWinogradGradient", packing, Math.ceil(count / PACK_ROWS));
          const values = [address, pixels, packed, results, first, count];
          team.run("winogradFilterGradient", values, sums * Math.ceil(channels / GROUP), scratch);
        }
      });
      const finishing = [address, results, dw, FINISH_ROWS];
      team.run("finishWinogradFilterGradient", finishing, Math.ceil(channels / FINISH_ROWS), TERMS_BYTES);
    });
  });
}
