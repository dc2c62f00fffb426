/** The published weights of FID's Inception: reads the user's file, checks it, and stores it as safetensors. */
import { readFile } from "node:fs/promises";
import { readCached, sha256OfFile, writeCached } from "../cache.js";
import { fromSystemError } from "../errors.js";
import { decodePth, toNamedTensors } from "../interop/pth.js";
import { decodeSafetensors, encodeSafetensors, type NamedTensors } from "../interop/safetensors.js";
import { withoutWrappers } from "../interop/wrappers.js";
import { checkInceptionTensors, inceptionTensors } from "./inception.js";

/** Name of pytorch-fid's file. It ends in the first digits of the file's SHA-256. */
export const WEIGHTS_FILE = "pt_inception-2015-12-05-6726825d.pth";
export const WEIGHTS_URL = `https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/${WEIGHTS_FILE}`;
export const WEIGHTS_SHA256_PREFIX = "6726825d";
/** The weights that are used if none are named. */
const INSTALLED = "inception.safetensors";

export interface InceptionWeights {
  readonly tensors: NamedTensors;
  /** SHA-256 of the file that the weights came from. */
  readonly sha256: string;
  /** True if that is the published file. */
  readonly published: boolean;
}

/** @throws InputError for a file that is not a network, or lacks one of its tensors */
export async function readWeights(path: string): Promise<InceptionWeights> {
  const sha256 = await sha256OfFile(path);
  const published = sha256.startsWith(WEIGHTS_SHA256_PREFIX);
  const name = `inception-${sha256.slice(0, 16)}.safetensors`;
  const kept = await fromCache(name, sha256);
  if (kept !== null) return { tensors: kept, sha256, published };
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fromSystemError(error, `Reading '${path}'`);
  });
  const isSafetensors = path.endsWith(".safetensors");
  const read = isSafetensors ? decodeSafetensors(bytes, path).tensors : toNamedTensors(decodePth(bytes, path));
  const all = withoutWrappers(read, path);
  checkInceptionTensors(all, 2048, path);
  const wanted = new Set(inceptionTensors(2048).map((tensor) => tensor.name));
  const tensors: NamedTensors = new Map([...all].filter(([tensor]) => wanted.has(tensor)));
  await writeCached(name, () => encodeSafetensors(tensors, { source: sha256 }));
  return { tensors, sha256, published };
}

async function fromCache(name: string, sha256: string | null): Promise<NamedTensors | null> {
  const bytes = await readCached(name);
  if (bytes === null) return null;
  try {
    const { tensors, metadata } = decodeSafetensors(bytes, name);
    return sha256 === null || metadata.source === sha256 ? tensors : null;
  } catch {
    return null; // damaged, so the weights are read from the source again
  }
}

/** Stores weights for all commands that name none. */
export async function installWeights({ tensors, sha256 }: InceptionWeights): Promise<void> {
  await writeCached(INSTALLED, () => encodeSafetensors(tensors, { source: sha256 }));
}

/** The installed weights; null if there are none. */
export async function installedWeights(): Promise<InceptionWeights | null> {
  const bytes = await readCached(INSTALLED);
  if (bytes === null) return null;
  const { tensors, metadata } = decodeSafetensors(bytes, INSTALLED);
  const sha256 = metadata.source ?? "";
  return { tensors, sha256, published: sha256.startsWith(WEIGHTS_SHA256_PREFIX) };
}
