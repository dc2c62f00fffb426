/** The time that a thread spends in each stage of its work on an image. */

/** Seconds that one thread spent in each stage. */
export interface StageSeconds {
  /** Reading files. */
  read: number;
  /** Decoding images. */
  decode: number;
  /** Finding faces. */
  detect: number;
  /** Aligning crops. */
  warp: number;
  /** Resizing, and scaling to the network's range. */
  normalise: number;
  /** Encoding crops. */
  encode: number;
  /** Writing files. */
  write: number;
}

/** The stages of an alignment. */
export const STAGES = ["read", "decode", "detect", "warp", "encode", "write"] as const;

export function noSeconds(): StageSeconds {
  return { read: 0, decode: 0, detect: 0, warp: 0, normalise: 0, encode: 0, write: 0 };
}

/** Runs `work` and adds its time to a stage. */
export async function timed<T>(
  seconds: StageSeconds,
  stage: keyof StageSeconds,
  work: () => T | Promise<T>,
): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    seconds[stage] += (performance.now() - start) / 1000;
  }
}
