/** Folders of images and rows of features for tests of `elegant fid`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { encodeNpy } from "../../src/interop/npy.js";
import { Random } from "../../src/random.js";
import { useCacheHome } from "./cache.js";
import { runHere } from "./in-process.js";
import { goldenPhoto } from "./pictures.js";
import type { Ended } from "./spawn.js";

/** Runs a command with a cache of its own. */
export async function elegant(folder: string, ...args: string[]): Promise<Ended> {
  const giveBackCache = useCacheHome(join(folder, "cache"));
  try {
    return await runHere(args);
  } finally {
    giveBackCache();
  }
}

export async function writePictures(folder: string, count: number, seed: number): Promise<void> {
  await mkdir(folder);
  for (let i = 0; i < count; i++) {
    await writeFile(
      join(folder, `${i}.png`),
      await encodePng(goldenPhoto(`${seed}-${i}`, seed, 30 + i, 20 + ((5 * i) % 31))),
    );
  }
}

export const rows = (n: number, d: number, seed: number): Uint8Array => {
  const random = Random.fromSeed(seed, "rows");
  return encodeNpy({ shape: [n, d], data: Float32Array.from({ length: n * d }, () => random.normal()) });
};
