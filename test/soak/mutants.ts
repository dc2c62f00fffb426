/**
 * Reads ten thousand damaged files of every kind that we read: images, arrays, weights, models, lists and tar files. Each is read or
 * refused with an InputError that names it, in little time. Started by hand: npm run soak:mutants -- [MUTANTS] [SEED]
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { readAttributes, readLandmarks, readPartition } from "../../src/dataset/lists.js";
import { readTarHeaders } from "../../src/dataset/tar-headers.js";
import { scanTar } from "../../src/dataset/tars.js";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";
import { decodeNpy, encodeNpy } from "../../src/interop/npy.js";
import { decodeNpz, encodeNpz } from "../../src/interop/npz.js";
import { decodePth } from "../../src/interop/pth.js";
import { encodePth } from "../../src/interop/pth-writer.js";
import { decodeSafetensors, encodeSafetensors, type NamedTensors } from "../../src/interop/safetensors.js";
import { parseModelBytes } from "../../src/models/model-bytes.js";
import { preprocess } from "../../src/preprocess/preprocess.js";
import { Random } from "../../src/random.js";
import { imageSamples, mutate } from "../support/mutants.js";
import { writeSmallDataset } from "../support/pictures.js";
import { fromRoot } from "../support/spawn.js";

const [MUTANTS = "10000", SEED = "1"] = process.argv.slice(2);
/** A file that takes more processor time than this many seconds ends the soak. */
const MOST_SECONDS = 3;

interface Kind {
  readonly name: string;
  /** Share of the mutants. */
  readonly share: number;
  readonly samples: readonly Uint8Array[];
  /** Reads a file. `path` has the same bytes. */
  read(bytes: Uint8Array, path: string): Promise<unknown> | unknown;
}

const folder = await mkdtemp(join(tmpdir(), "elegant-soak-"));

async function kinds(): Promise<readonly Kind[]> {
  const photos = join(folder, "photos");
  await writeSmallDataset(photos, 24);
  const format = { size: 32, quality: 90, images: undefined, crop: null, limit: null, workers: 1, photosPerFile: 8 };
  await preprocess(photos, join(folder, "tars"), { ...format, format: "webdataset" });
  const file = (...names: readonly string[]): Promise<Uint8Array> => readFile(join(folder, ...names));
  const tensors: NamedTensors = new Map(
    ["a.weight", "a.bias"].map((name, i) => [
      name,
      { shape: [4, 3 - i], data: Float32Array.from({ length: 4 * (3 - i) }) },
    ]),
  );
  const npy = { shape: [6, 5], data: Float64Array.from({ length: 30 }, (_, i) => i / 7) };
  const tar = await file("tars", "shards", "00000.tar");
  return [
    {
      name: "images",
      share: 0.5,
      samples: (await imageSamples(64)).map(({ bytes }) => bytes),
      read: (bytes, path) => decodeImage(bytes, path, { maxPixels: 4e6 }),
    },
    { name: ".npy arrays", share: 0.05, samples: [encodeNpy(npy)], read: (bytes, path) => decodeNpy(bytes, path) },
    {
      name: ".npz archives",
      share: 0.05,
      samples: [encodeNpz({ mu: npy, sigma: npy })],
      read: (bytes, path) => [...decodeNpz(bytes, path).values()].map((array) => array()),
    },
    { name: ".pth weights", share: 0.1, samples: [encodePth(tensors)], read: (bytes, path) => decodePth(bytes, path) },
    {
      name: ".safetensors weights",
      share: 0.05,
      samples: [encodeSafetensors(tensors, {})],
      read: (bytes, path) => decodeSafetensors(bytes, path),
    },
    {
      name: "models",
      share: 0.05,
      samples: [await readFile(fromRoot("assets/painted-64.safetensors"))],
      read: (bytes, path) => parseModelBytes(bytes, path),
    },
    {
      name: "lists",
      share: 0.15,
      samples: await Promise.all(
        ["attr", "landmarks"].map((list) => file("photos", `list_${list}_celeba.txt`).catch(() => new Uint8Array(0))),
      ),
      async read(bytes, path) {
        const readers = [readAttributes, readLandmarks, readPartition].map((reader) => () => reader(path));
        const results = [];
        for (const reader of readers) results.push(await expectRefusal(reader, path));
        if (results.every((refused) => refused))
          throw new InputError(`${path}: ${bytes.length} bytes are none of the lists`);
      },
    },
    {
      name: "tar files",
      share: 0.05,
      samples: [tar],
      async read(_, path) {
        await expectRefusal(() => scanTar(path), path);
        readTarHeaders(path);
      },
    },
  ];
}

/** Whether the file is refused. Throws any error that is not a refusal by name. */
async function expectRefusal(read: () => Promise<unknown> | unknown, path: string): Promise<boolean> {
  try {
    await read();
    return false;
  } catch (error) {
    assert.ok(error instanceof InputError, `${path}: ${error instanceof Error ? error.stack : error}`);
    assert.ok(error.message.includes(basename(path)), error.message);
    return true;
  }
}

let most = 0;
try {
  for (const { name, share, samples, read } of await kinds()) {
    const random = Random.fromSeed(Number(SEED), name);
    const count = Math.round(Number(MUTANTS) * share);
    let [refused, slowest] = [0, 0];
    const sound = samples.filter(({ length }) => length > 0);
    for (let i = 0; i < count; i++) {
      const path = join(folder, `mutant-${i}`);
      const bytes = mutate(sound[i % sound.length], random);
      await writeFile(path, bytes);
      const start = process.cpuUsage();
      if (await expectRefusal(() => read(bytes, path), path)) refused++;
      const { user, system } = process.cpuUsage(start);
      slowest = Math.max(slowest, (user + system) / 1e6);
      most = Math.max(most, process.memoryUsage().rss);
      assert.ok(slowest < MOST_SECONDS, `${name} ${i}, seed ${SEED}: ${slowest} s`);
      await rm(path);
    }
    console.log(
      `${name}: ${count} mutants, ${refused} refused by name, ${count - refused} read, slowest ${(slowest * 1000).toFixed(0)} ms`,
    );
  }
  console.log(`largest resident memory: ${(most / 2 ** 20).toFixed(0)} MiB`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
