/** The formats in which `elegant preprocess` writes its crops. */
import { RAW_ON_DISK } from "../dataset/store.js";
import type { CropFormat } from "../image/tasks.js";

/** One file per photo (jpg, png), or files with many photos: raw pixels that NumPy reads, or JPEGs in a tar file. */
export const OUTPUT_FORMATS = ["jpg", "png", "raw", "webdataset"] as const;
/** The form in which preprocess() writes its crops. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export type PackedFormat = Extract<OutputFormat, "raw" | "webdataset">;

/** True for formats with many photos in a file. */
export function isPacked(format: OutputFormat): format is PackedFormat {
  return format === "raw" || format === "webdataset";
}

/** The word for a format in manifests and indexes. */
export function onDisk<F extends OutputFormat>(format: F): Exclude<F, "raw"> | typeof RAW_ON_DISK {
  return format === "raw" ? RAW_ON_DISK : (format as Exclude<F, "raw">);
}

/** The format that a worker makes of a crop. It is also the extension of the output's name. */
export function cropFormat(format: OutputFormat): CropFormat {
  if (format === "raw") return "rgb";
  return format === "webdataset" ? "jpg" : format;
}
