/** Copies a data set of crops into shards, in the layout of `elegant preprocess --format shard` and `webdataset`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pack } from "tar-stream";
import type { FaceDataset } from "../src/dataset/dataset.js";
import { formatAttributes } from "../src/dataset/lists.js";
import type { ShardIndex } from "../src/dataset/shards.js";
import { encodeJpeg } from "../src/image/codec.js";
import { readSource } from "../src/image/source.js";
import type { RgbaImage } from "../src/types.js";

const PER_SHARD = 64;
const TAR_BLOCK = 512;
type Items = ShardIndex["items"];
type Place = (output: string, offset: number, length: number) => Items[number];

function rawShard(pictures: readonly RgbaImage[], names: readonly string[], size: number, place: Place) {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${pictures.length}, ${size}, ${size}, 3), }`;
  const start = Math.ceil((10 + text.length + 1) / 64) * 64;
  const head = Buffer.alloc(start, " ");
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(start - 10, 8);
  head.write(text, 10, "latin1");
  head[start - 1] = 0x0a;
  const length = size * size * 3;
  const rows = pictures.map(({ data }) => Buffer.from(data.filter((_, i) => i % 4 !== 3)));
  const items = names.map((name, i) => place(`${name}.rgb`, start + i * length, length));
  return { bytes: Buffer.concat([head, ...rows]), items };
}

async function tarShard(pictures: readonly RgbaImage[], names: readonly string[], place: Place) {
  const tar = pack();
  const items: Items = [];
  let at = 0;
  for (const [i, picture] of pictures.entries()) {
    const jpeg = Buffer.from(await encodeJpeg(picture, 95));
    tar.entry({ name: `${names[i]}.jpg` }, jpeg);
    items.push(place(`${names[i]}.jpg`, at + TAR_BLOCK, jpeg.length));
    at += TAR_BLOCK + Math.ceil(jpeg.length / TAR_BLOCK) * TAR_BLOCK;
  }
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar) parts.push(part as Buffer);
  return { bytes: Buffer.concat(parts), items };
}

/** @param dataset square crops of `size` in files, with attributes */
export async function writeShards(
  dataset: FaceDataset,
  out: string,
  size: number,
  format: ShardIndex["format"],
): Promise<void> {
  const names = dataset.files.map((file) => file.replace(/\.\w+$/, ""));
  await mkdir(join(out, "shards"), { recursive: true });
  for (let first = 0; first < names.length; first += PER_SHARD) {
    const some = names.slice(first, first + PER_SHARD);
    const pictures = await Promise.all(some.map((_, i) => readSource(dataset.picture(first + i))));
    const place: Place = (output, offset, length) => {
      return { file: output, output, matrix: [1, 0, 0, 0, 1, 0], offset, length };
    };
    const { bytes, items } =
      format === "shard" ? rawShard(pictures, some, size, place) : await tarShard(pictures, some, place);
    const number = String(first / PER_SHARD).padStart(5, "0");
    const data = `${number}.${format === "shard" ? "npy" : "tar"}`;
    await writeFile(join(out, "shards", data), bytes);
    const index: ShardIndex = { kind: "elegant-shard", version: 1, format, size, data, items, failures: [] };
    await writeFile(join(out, "shards", `${number}.json`), JSON.stringify(index));
  }
  const ending = format === "shard" ? "rgb" : "jpg";
  const files = names.map((name) => `${name}.${ending}`);
  await writeFile(join(out, "list_attr_celeba.txt"), formatAttributes({ ...dataset.attributes!, files }));
}
