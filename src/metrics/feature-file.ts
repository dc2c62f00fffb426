/** Reads and writes features of a folder's images, or of one machine's part of them, as .npz: `features`, `index`, `about`. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { INCEPTION_MODES } from "../image/inception-input.js";
import { decodeNpz, encodeNpz } from "../interop/npz.js";
import { decodeText, encodeText } from "./origin.js";

const aboutSchema = z.object({
  kind: z.literal("elegant-features"),
  version: z.literal(1),
  /** Number of the machine and number of machines; 0 of 1 for the whole folder. Files keep the name "shard". */
  shard: z.object({ index: z.number().int().min(0), count: z.number().int().positive() }),
  /** Number of images that stay together on one machine. */
  unit: z.number().int().positive(),
  /** Number of images of all machines, including images that cannot be read. */
  total: z.number().int().min(0),
  /** Name of the network, for outputs. */
  network: z.string(),
  /** True if scores may be compared with published ones. */
  comparable: z.boolean(),
  /** How images were resized; absent in files of versions that did not record it. */
  mode: z.enum(INCEPTION_MODES).optional(),
  /**
   * Hash of network, weights, mode, decoder and the names of all images. Files with different hashes do not belong
   * together.
   */
  digest: z.string(),
  failures: z.array(z.object({ file: z.string(), reason: z.string() })),
});
export type AboutFeatures = z.infer<typeof aboutSchema>;

export interface FeatureFile {
  readonly source: string;
  readonly about: AboutFeatures;
  readonly dims: number;
  /** [indices, dims] */
  readonly features: Float32Array;
  /** Position of each row's image among all images, ascending. */
  readonly indices: readonly number[];
}

/** Encodes the file. numpy.load and `elegant fid` read `features`; `about` is text, stored as one number per character. */
export function encodeFeatures({ about, dims, features, indices }: Omit<FeatureFile, "source">): Uint8Array {
  return encodeNpz({
    features: { shape: [indices.length, dims], data: features },
    index: { shape: [indices.length], data: Float64Array.from(indices) },
    about: encodeText(about),
  });
}

/** @throws InputError for a file that cannot be read, or that was not written by `elegant fid --save-features` */
export async function readFeatures(path: string): Promise<FeatureFile> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fromSystemError(error, `Reading '${path}'`);
  });
  const refuse = (received: string): InputError => {
    const remedy = "Write it with elegant fid FOLDER --save-features FILE.npz --part i/n.";
    return new InputError(describeMismatch(path, "features of elegant fid --save-features", received, remedy));
  };
  const arrays = decodeNpz(bytes, path);
  const [features, index, text] = ["features", "index", "about"].map((name) => arrays.get(name)?.());
  if (features === undefined || index === undefined || text === undefined) {
    throw refuse([...arrays.keys()].join(", ") || "nothing");
  }
  const parsed = aboutSchema.safeParse(decodeText(text));
  if (!parsed.success) throw refuse(`an 'about' whose ${parsed.error.issues[0].path.join(".") || "text"} is wrong`);
  const [rows, dims] = features.shape;
  const indices = [...index.data];
  const isAscending = indices.every((at, i) => Number.isInteger(at) && at >= 0 && (i === 0 || at > indices[i - 1]));
  if (
    !(features.data instanceof Float32Array) ||
    features.shape.length !== 2 ||
    indices.length !== rows ||
    !isAscending
  ) {
    throw refuse(`${rows} rows of features and ${indices.length} indices that do not fit`);
  }
  return { source: path, about: parsed.data, dims, features: features.data, indices };
}
