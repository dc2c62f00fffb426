/** Compresses text files once, and keeps them in memory. */
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { ServedFile } from "./files.js";

export type Encoding = "br" | "gzip";

/** The better one first. */
const ENCODINGS: readonly Encoding[] = ["br", "gzip"];

/** Brotli's highest quality takes seconds for a script of megabytes. This one is about as fast as gzip, and smaller. */
const BROTLI_QUALITY = 5;

const COMPRESS: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (bytes) => promisify(gzip)(bytes),
};

/** The encoding that the client likes best; br if it likes both; null if it accepts neither. */
export function chooseEncoding(acceptEncoding: string): Encoding | null {
  const weights = new Map<string, number>();
  for (const part of acceptEncoding.toLowerCase().split(",")) {
    const [name, ...parameters] = part.split(";").map((word) => word.trim());
    const weight = parameters.find((word) => word.startsWith("q="));
    weights.set(name, weight === undefined ? 1 : Number(weight.slice(2)));
  }
  const weightOf = (name: string): number => weights.get(name) ?? weights.get("*") ?? 0;
  const accepted = ENCODINGS.filter((name) => weightOf(name) > 0);
  return accepted.sort((one, other) => weightOf(other) - weightOf(one)).at(0) ?? null;
}

interface Entry {
  /** The tag of the file that was compressed. */
  readonly etag: string;
  readonly bytes: Promise<Buffer>;
}

/** The compressed text files. A file that changes replaces its older version. */
export class CompressedFiles {
  readonly #entries = new Map<string, Entry>();

  /** Returns the file in an encoding. Requests that come meanwhile wait for the same compression. */
  get(file: ServedFile, encoding: Encoding): Promise<Buffer> {
    const key = `${encoding} ${file.path}`;
    const known = this.#entries.get(key);
    if (known?.etag === file.etag) return known.bytes;
    const entry = { etag: file.etag, bytes: file.handle.readFile().then(COMPRESS[encoding]) };
    this.#entries.set(key, entry);
    entry.bytes.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.bytes;
  }
}
