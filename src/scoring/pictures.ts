/** Images of a data set in memory, as levels of 255. */
import type { FaceDataset } from "../dataset/dataset.js";
import { InputError } from "../errors.js";
import { BatchLoader, type Replace } from "../image/loader.js";
import { nameOf, type PictureSource } from "../image/picture-source.js";
import type { OnProgress, RgbaImage } from "../types.js";

const PICTURES_AT_ONCE = 64;

export interface Pictures {
  /** Side in pixels. */
  readonly size: number;
  /** Positions in the data set's files of the images that could be read, in the requested order. */
  readonly files: readonly number[];
  /** RGB, 0 to 255: [files, size, size, 3] */
  readonly levels: Uint8ClampedArray<ArrayBuffer>;
  /** Why other images could not be read; each reason names its file. */
  readonly unreadable: readonly string[];
}

export interface LoadOptions {
  readonly size: number;
  readonly workers: number;
  /** Name of the work in progress lines. */
  readonly stage: string;
  readonly onProgress: OnProgress;
}

/** Handles images of a batch that cannot be read: another image is loaded, and the position is noted in `failed`. */
function substitute(sources: readonly PictureSource[], failed: Map<number, string>): Replace {
  const tried = new Map<number, number>();
  return async (position, { reason }) => {
    if (!failed.has(position)) failed.set(position, reason);
    const next = (tried.get(position) ?? 0) + 1;
    tried.set(position, next);
    if (next === sources.length) throw new InputError(`${nameOf(sources[position])}: no picture near it can be read.`);
    return sources[(position + next) % sources.length];
  };
}

/**
 * Reads images. Those of another size are resized with an antialiasing filter. Unreadable images are left out.
 * @throws InputError if none of a batch of 64 can be read
 */
export async function loadPictures(
  dataset: FaceDataset,
  files: readonly number[],
  { size, workers, stage, onProgress }: LoadOptions,
): Promise<Pictures> {
  const length = size * size * 3;
  const levels = new Uint8ClampedArray(files.length * length);
  const kept: number[] = [];
  const unreadable: string[] = [];
  const loader = new BatchLoader({ size, workers, batch: PICTURES_AT_ONCE, slots: 1 });
  try {
    for (let first = 0; first < files.length; first += PICTURES_AT_ONCE) {
      const some = files.slice(first, first + PICTURES_AT_ONCE);
      const sources = some.map((file) => dataset.picture(file));
      const failed = new Map<number, string>();
      const { data, release } = await loader.load(sources, substitute(sources, failed));
      for (const [i, file] of some.entries()) {
        if (failed.has(i)) continue;
        const to = kept.length * length;
        for (let k = 0; k < length; k++) levels[to + k] = (data[i * length + k] + 1) * 127.5;
        kept.push(file);
      }
      release();
      unreadable.push(...failed.values());
      onProgress({ stage, done: first + some.length, total: files.length, unit: "pictures" });
    }
  } finally {
    await loader.close();
  }
  return { size, files: kept, levels: levels.slice(0, kept.length * length), unreadable };
}

/** One opaque image. @param at its position in `files` */
export function pictureAt({ size, levels }: Pictures, at: number): RgbaImage {
  const data = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let to = 0, from = at * size * size * 3; to < data.length; to += 4, from += 3) {
    for (let c = 0; c < 3; c++) data[to + c] = levels[from + c];
  }
  return { width: size, height: size, data };
}
