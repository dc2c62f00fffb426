/** The formats in which `elegant preprocess` writes its crops. */
import type { CropFormat } from "../image/tasks.js";

/** One file per photo (jpg, png), or files with many photos: raw pixels that NumPy reads, or JPEGs in a tar file. */
export const OUTPUT_FORMATS = ["jpg", "png", "shard", "webdataset"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export type ShardFormat = Extract<OutputFormat, "shard" | "webdataset">;

/** True for formats with many photos in a file. */
export function isSharded(format: OutputFormat): format is ShardFormat {
  return format === "shard" || format === "webdataset";
}

/** The format that a worker makes of a crop. It is also the extension of the output's name. */
export function cropFormat(format: OutputFormat): CropFormat {
  if (format === "shard") return "rgb";
  return format === "webdataset" ? "jpg" : format;
}
