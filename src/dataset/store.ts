/** Images by name, wherever their bytes are: the common interface of the three forms of a data set. */
import type { PictureSource } from "../image/picture-source.js";
import type { AttributeTable } from "./lists.js";

/** The word for `--format raw` in manifests, indexes and JSON, so that all versions read them. */
export const RAW_ON_DISK = "shard";

/** A format's name in messages: that of the command line. */
export const formatName = (onDisk: string): string => (onDisk === RAW_ON_DISK ? "raw" : onDisk);

/** Separate image files, raw pixels in packed files, or WebDataset's tar files. */
export type DatasetFormat = "images" | typeof RAW_ON_DISK | "webdataset";

export interface PictureStore {
  readonly format: DatasetFormat;
  /** The folder of the files that contain the images. */
  readonly folder: string;
  /** Side in pixels, if the store states it; otherwise null. */
  readonly size: number | null;
  /** Names of all images, sorted. */
  readonly names: readonly string[];
  /** Members of `names` that are links to nothing. */
  readonly broken?: readonly string[];
  /** Where the bytes of an image of the store are. */
  source(name: string): PictureSource;
  /** Attributes that the store itself contains; null if there are none. */
  readonly attributes: AttributeTable | null;
}
