/** Pictures by name, wherever their bytes are: what the three forms of a data set have in common. */
import type { PictureSource } from "../image/source.js";
import type { AttributeTable } from "./lists.js";

/** Files of their own, raw pixels in shards, or tar files of WebDataset. */
export type DatasetFormat = "images" | "shard" | "webdataset";

export interface PictureStore {
  readonly format: DatasetFormat;
  /** The folder of the files with the pictures. */
  readonly folder: string;
  /** Side in pixels, where the store says so. */
  readonly size: number | null;
  /** Sorted. */
  readonly names: readonly string[];
  /** Those of `names` that are links to nothing. */
  readonly broken?: readonly string[];
  /** Of a name that is there. */
  source(name: string): PictureSource;
  /** Those that the store itself holds. */
  readonly attributes: AttributeTable | null;
}
