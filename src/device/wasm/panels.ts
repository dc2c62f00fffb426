/** How the work of a convolution is divided into panels of packed channels and blocks for threads, and what follows it. */

/** Operations that follow a convolution within the same pass. */
export interface Epilogue {
  /** The address of float32 [cout], readable up to a multiple of four as all blocks of the heap are; 0 without a bias. */
  readonly bias: number;
  readonly relu: boolean;
}

export const NO_EPILOGUE: Epilogue = { bias: 0, relu: false };

/** Channels of a wide panel and of a narrow panel, as in assembly/nn/tile.ts. */
export const WIDE = 16;
export const NARROW = 4;

export const panelCount = (columns: number): number =>
  Math.floor(columns / WIDE) + Math.ceil((columns % WIDE) / NARROW);
export const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** The least number of blocks per thread, so that no thread waits long for the last one. */
const BLOCKS_PER_THREAD = 4;

/**
 * Chooses the channels of a block, and with them the number of blocks. If `rowBlocks` are too few for all threads, the
 * threads share the channels.
 * @param most the most channels of a block
 */
export function shareColumns(
  rowBlocks: number,
  channels: number,
  threads: number,
  most = Number.POSITIVE_INFINITY,
): { readonly columns: number; readonly blocks: number } {
  const panels = Math.max(1, Math.floor(channels / WIDE));
  const forThreads = Math.min(panels, Math.ceil((BLOCKS_PER_THREAD * threads) / rowBlocks));
  const wanted = Math.max(forThreads, Math.ceil(channels / most));
  const columns = Math.ceil(panels / wanted) * WIDE;
  return { columns, blocks: rowBlocks * Math.ceil(channels / columns) };
}
