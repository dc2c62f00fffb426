/**
 * Writes files of many crops: raw pixels as a .npy file, or JPEGs in a WebDataset tar file, each with an index next to
 * it. A packed file contains the photos of one unit of the plan, in order. The file gets its name when it is complete, and
 * its index after that, so an index means that its file is finished. A file that a killed run has begun is written
 * again.
 */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import tar from "tar-stream";
import { type PackedIndex, type PackedItem, packedName } from "../dataset/packed.js";
import { fromSystemError } from "../errors.js";
import { temporaryName, writeFileAtomic } from "../files.js";
import { npyHeader } from "../interop/npy.js";
import type { FinishedCrop } from "./manifest.js";
import { onDisk, type PackedFormat } from "./output-format.js";

const TAR_BLOCK = 512;

/** The data about a crop that a packed file stores. */
export interface PackedPhoto extends FinishedCrop {
  /** Written next to the image in a tar file. */
  readonly attributes: Readonly<Record<string, number | null>> | null;
}

/** An entry of a tar file with its padding. The data come after the headers, whose number depends on the length of the name. */
async function tarEntry(name: string, bytes: Uint8Array): Promise<{ whole: Buffer; dataOffset: number }> {
  const pack = tar.pack();
  // The bytes must not depend on who writes them, or when.
  pack.entry({ name, size: bytes.length, mtime: new Date(0), mode: 0o644 }, Buffer.from(bytes));
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  const whole = all.subarray(0, all.length - 2 * TAR_BLOCK); // without the end of the archive
  return { whole, dataOffset: whole.length - Math.ceil(bytes.length / TAR_BLOCK) * TAR_BLOCK };
}

/** The key of a sample. WebDataset treats everything after a name's first dot as the kind of the file. */
function tarKey(output: string): string {
  const slash = output.lastIndexOf("/") + 1;
  const base = output.slice(slash).replace(/\.jpg$/, "");
  return output.slice(0, slash) + base.replaceAll(".", "_");
}

export class PackedWriter {
  private readonly temporary: string;
  private readonly file: FileHandle;
  private readonly items: PackedItem[] = [];
  /** Keys of the tar file's samples. */
  private readonly keys = new Set<string>();
  private position = 0;

  private constructor(
    private readonly format: PackedFormat,
    private readonly folder: string,
    private readonly size: number,
    private readonly unit: number,
    opened: [string, FileHandle],
  ) {
    [this.temporary, this.file] = opened;
  }

  /** @param folder an existing folder @param unit number of the packed file in the plan */
  static async begin(format: PackedFormat, folder: string, size: number, unit: number): Promise<PackedWriter> {
    const path = temporaryName(join(folder, packedName(format, unit)));
    try {
      const writer = new PackedWriter(format, folder, size, unit, [path, await open(path, "wx")]);
      // The number of rows is known only at the end. The header's length does not depend on it.
      if (format === "raw") await writer.write(npyHeader("|u1", [0, size, size, 3]));
      return writer;
    } catch (error) {
      await rm(path, { force: true });
      throw fromSystemError(error, `Writing ${path}`);
    }
  }

  private async write(bytes: Uint8Array): Promise<number> {
    const at = this.position;
    let written = 0;
    while (written < bytes.length) {
      written += (await this.file.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
    }
    this.position += bytes.length;
    return at;
  }

  /** The crops written so far. */
  get photos(): readonly PackedItem[] {
    return this.items;
  }

  /** @param bytes [size, size, 3] raw, or a JPEG file */
  async add({ attributes, ...photo }: PackedPhoto, bytes: Uint8Array): Promise<void> {
    const { length } = bytes;
    if (this.format === "raw") {
      this.items.push({ ...photo, offset: await this.write(bytes), length });
      return;
    }
    let key = tarKey(photo.output);
    while (this.keys.has(key)) key += "_"; // needed for a.b.jpg and a_b.jpg
    this.keys.add(key);
    const picture = await tarEntry(`${key}.jpg`, bytes);
    const { file, matrix, face } = photo;
    const about = {
      file,
      matrix,
      ...(attributes === null ? {} : { attributes }),
      ...(face === undefined ? {} : { face }),
    };
    const facts = await tarEntry(`${key}.json`, Buffer.from(`${JSON.stringify(about)}\n`));
    this.items.push({ ...photo, offset: (await this.write(picture.whole)) + picture.dataOffset, length });
    await this.write(facts.whole);
  }

  /** Gives the packed file and its index their final names. */
  async finish(failures: PackedIndex["failures"]): Promise<void> {
    const { format, folder, size, unit, items } = this;
    if (format === "raw") await this.file.write(npyHeader("|u1", [items.length, size, size, 3]), 0, undefined, 0);
    else await this.write(new Uint8Array(2 * TAR_BLOCK));
    await this.file.close();
    const data = packedName(format, unit);
    await rename(this.temporary, join(folder, data));
    const index: PackedIndex = {
      ...{ kind: "elegant-shard", version: 1, format: onDisk(format), size, data, items },
      failures: [...failures],
    };
    await writeFileAtomic(join(folder, packedName("index", unit)), `${JSON.stringify(index)}\n`);
  }

  /** Removes the unfinished file. Call it after any failure of the other functions. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => {});
    await rm(this.temporary, { force: true });
  }
}
