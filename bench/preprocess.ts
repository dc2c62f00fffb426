/**
 * Measures each stage of preprocessing, and compares the whole with the published OpenCV pipeline, with sharp and with
 * jimp alone, each with the same number of threads or processes. Usage: npm run bench:preprocess -- [--photos N]
 * [--real FOLDER] [--steady]. FOLDER is a data set with landmarks; --steady measures only workers that have started.
 * With --memory N, it measures the resident memory over N photos instead. PYTHON names the Python that has OpenCV, by
 * default /usr/bin/python3.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import jpegJs from "@jimp/js-jpeg";
import { decodeImage, encodePng } from "../src/image/codec.js";
import { sniffFormat } from "../src/image/header.js";
import { cropFace, writeWhole } from "../src/image/photo.js";
import { Pixels } from "../src/image/pixels.js";
import { loadModule } from "../src/kernels/module.js";
import { planPreprocess, pointsOf } from "../src/preprocess/plan.js";
import { type PreprocessOptions, preprocess } from "../src/preprocess/preprocess.js";
import { fileName } from "../src/synth/lists.js";
import { measure, type Row, row, timingOf } from "./measure.js";
import { nodeLibrary, openCv, type Peer } from "./preprocess/peers.js";
import { meanBytes, paintPhotos, repeatPhotos } from "./preprocess/photos.js";
import { steadyWorkers } from "./preprocess/steady.js";
import { report } from "./report.js";
import { versionOf } from "./versions.js";

const SIZE = 256;
const QUALITY = 95;
/** The target for photos in the wild, which the face fills, from JPEG to JPEG. */
const IN_THE_WILD_AT_MOST = 1;
const MOST_PHOTOS = 64;
const ROUNDS = 5;
/** Fewer photos for jimp, because it is slow. */
const JIMP_PHOTOS = 60;

async function benchStages(folder: string, out: string): Promise<Row[]> {
  const { imageDir, photos } = await planPreprocess(folder, {
    images: undefined,
    format: "jpg",
    crop: null,
    limit: null,
  });
  const chosen = photos.filter(({ file }) => existsSync(join(imageDir, file))).slice(0, MOST_PHOTOS);
  const n = chosen.length;
  const paths = chosen.map(({ file }) => join(imageDir, file));
  const files = paths.map((path) => readFileSync(path));
  const places = chosen.map(({ placement }) => ({ kind: "landmarks", points: pointsOf(placement)! }) as const);
  const images = await Promise.all(files.map((bytes, i) => decodeImage(bytes, paths[i])));
  const pixels = new Pixels(await loadModule("image"));
  const crops = images.map((image, i) => cropFace(pixels, image, places[i], SIZE, paths[i]).crop);
  const encoded = crops.map((crop) => pixels.encodeJpeg(crop, QUALITY));
  const jimp = jpegJs();
  const asJpeg = files.filter((bytes) => sniffFormat(bytes) === "jpeg");
  const bitmaps = crops.map(({ width, height, data }) => ({ width, height, data: Buffer.from(data) }));

  const decodeOurs = await measure(async () => {
    for (const bytes of asJpeg) await decodeImage(bytes, "bench");
  });
  const decodePeer = await measure(() => asJpeg.map((bytes) => jimp.decode(bytes)), 3, 1);
  const encodeOurs = await measure(() => crops.map((crop) => pixels.encodeJpeg(crop, QUALITY)));
  const encodePeer = await measure(() => bitmaps.map((bitmap) => jimp.encode(bitmap, { quality: QUALITY })), 3, 1);
  const warp = await measure(() => images.map((image, i) => cropFace(pixels, image, places[i], SIZE, paths[i])));
  const encodeLossless = await measure(async () => {
    for (const crop of crops) await encodePng(crop);
  }, 3);
  const write = await measure(() => {
    for (const [i, bytes] of encoded.entries()) writeWhole(join(out, `${i}.jpg`), bytes);
  });
  const jimpPeer = { name: "jimp", version: versionOf("jimp") };
  return [
    row("read", await measure(() => paths.map((path) => readFileSync(path))), n),
    row("decode JPEG", decodeOurs, asJpeg.length, { ...jimpPeer, timing: decodePeer }),
    row(`align and warp to ${SIZE}`, warp, n),
    row(`encode JPEG ${QUALITY}`, encodeOurs, n, { ...jimpPeer, timing: encodePeer }),
    row("encode PNG", encodeLossless, n),
    row("write", write, n),
  ];
}

/** Lets our rounds and the peers' take turns, each after one warm-up round. */
async function sideBySide(
  work: string,
  ours: (round: number) => Promise<number>,
  photos: number,
  peers: readonly { readonly peer: Peer; readonly photos: number; readonly atMost?: number | undefined }[],
): Promise<Row[]> {
  const times: number[] = [];
  const theirs = peers.map((): number[] => []);
  for (let round = -1; round < ROUNDS; round++) {
    const milliseconds = await ours(round);
    if (round >= 0) times.push(milliseconds);
    for (const [i, { peer }] of peers.entries()) {
      const answer = await peer.round();
      if (round >= 0 && answer !== null) theirs[i].push(answer);
    }
  }
  for (const { peer } of peers) peer.close();
  const timing = timingOf(times);
  const rows = peers.map(({ peer, photos: n, atMost }, i) => {
    if (theirs[i].length === 0) return row(`${work} (no ${peer.name} here)`, timing, photos);
    const each = timingOf(theirs[i]);
    const scaled = { ...each, ms: (each.ms / n) * photos };
    return row(work, timing, photos, { name: peer.name, version: peer.version, timing: scaled }, atMost);
  });
  return peers.length === 0 ? [row(work, timing, photos)] : rows;
}

/** Photos of one kind, where crops may be written, and the target of the ratio to OpenCV from JPEG to JPEG. */
interface Photos {
  readonly name: string;
  readonly folder: string;
  readonly out: string;
  readonly atMost?: number;
}

/** A round of ours from files to files, including the start of its workers. */
function ourRound(folder: string, out: string, options: Pick<PreprocessOptions, "size" | "format" | "workers">) {
  return async (round: number): Promise<number> => {
    const target = join(out, `${options.format}-${options.workers}-${options.size}-${round}`);
    const began = performance.now();
    await preprocess(folder, target, { ...options, quality: QUALITY, images: undefined, crop: null, limit: null });
    const milliseconds = performance.now() - began;
    await rm(target, { recursive: true });
    return milliseconds;
  };
}

/** Compares from photo files to crops, including the start of our workers. */
async function benchWhole({ name, folder, out, atMost }: Photos, photos: number): Promise<Row[]> {
  const workers = availableParallelism();
  const work = { folder, out: join(out, "peers"), size: SIZE, quality: QUALITY, workers };
  await mkdir(work.out, { recursive: true });
  const few = Math.min(JIMP_PHOTOS, photos);
  return [
    ...(await sideBySide(
      `${name}: JPEG to JPEG`,
      ourRound(folder, out, { size: SIZE, format: "jpg", workers }),
      photos,
      [
        { peer: openCv(work, "jpg"), photos, atMost },
        { peer: nodeLibrary("sharp", work, photos), photos },
        { peer: nodeLibrary("jimp", work, few), photos: few },
      ],
    )),
    ...(await sideBySide(
      `${name}: JPEG to raw`,
      ourRound(folder, out, { size: SIZE, format: "raw", workers }),
      photos,
      [
        { peer: openCv(work, "raw"), photos },
        { peer: openCv(work, "jpg"), photos },
      ],
    )),
  ];
}

/** Compares in the same way, without the start of our workers. */
async function benchSteady({ name, folder, out, atMost }: Photos, photos: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const workers of new Set([1, availableParallelism()])) {
    for (const kind of ["jpg", "rgb"] as const) {
      const ours = await steadyWorkers(folder, join(out, "steady"), workers, kind, SIZE);
      const work = { folder, out: join(out, "peers"), size: SIZE, quality: QUALITY, workers };
      await mkdir(work.out, { recursive: true });
      const started = workers === 1 ? "1 worker that stays" : `${workers} workers that stay`;
      const title = `${name}: JPEG to ${kind === "jpg" ? "JPEG" : "8-bit RGB"}, ${started}`;
      const target = kind === "jpg" && workers === availableParallelism() ? atMost : undefined;
      const peers: Parameters<typeof sideBySide>[3][number][] = [{ peer: openCv(work, "jpg"), photos, atMost: target }];
      if (kind === "rgb") peers.push({ peer: openCv(work, "raw"), photos });
      rows.push(...(await sideBySide(title, () => ours.round(), photos, peers)));
      console.log(`${title}: ${ours.describe()}`);
      await ours.close();
    }
  }
  return rows;
}

/** Measures the effect of more workers and of larger photos. */
async function benchGrowth(folder: string, out: string, photos: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const workers of new Set([1, availableParallelism()])) {
    const round = ourRound(folder, out, { size: SIZE, format: "jpg", workers });
    rows.push(
      ...(await sideBySide(`JPEG to JPEG, ${workers} ${workers === 1 ? "worker" : "workers"}`, round, photos, [])),
    );
  }
  for (const [width, height] of [
    [204, 343],
    [818, 1374],
  ]) {
    const other = join(out, `${width}x${height}`);
    const count = Math.min(200, photos);
    await paintPhotos(other, count, width, height);
    const round = ourRound(other, out, { size: SIZE, format: "jpg", workers: availableParallelism() });
    rows.push(...(await sideBySide(`photos of ${width} x ${height}`, round, count, [])));
  }
  return rows;
}

/** Resident memory in MiB at ten moments while many photos are processed. */
async function benchMemory(folder: string, out: string, count: number): Promise<number[]> {
  const many = join(out, "many");
  await repeatPhotos(folder, many, count);
  const resident: number[] = [];
  await preprocess(many, join(out, "many-crops"), {
    ...{ size: SIZE, format: "raw", quality: QUALITY, images: undefined, crop: null, limit: null },
    workers: availableParallelism(),
    onProgress: ({ done }) => {
      if (done >= (count / 10) * (resident.length + 1)) resident.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
    },
  });
  return resident;
}

const { values: options } = parseArgs({
  options: {
    photos: { type: "string", default: "600" },
    memory: { type: "string" },
    steady: { type: "boolean", default: false },
    real: { type: "string", default: fileURLToPath(new URL("../../../shared/faces/in-the-wild", import.meta.url)) },
  },
});
const count = Number(options.photos);
const out = await mkdtemp(join(tmpdir(), "elegant-bench-"));
try {
  const painted = join(out, "painted");
  await paintPhotos(painted, count, 409, 687);
  if (options.memory !== undefined) {
    const resident = await benchMemory(painted, out, Number(options.memory));
    console.log(`Resident memory over ${options.memory} photos, MiB: ${resident.join(", ")}`);
  } else {
    const kilobytes = (await meanBytes(painted, [fileName(0), fileName(count - 1)])) / 1000;
    console.log(`Painted photos of 409 x 687 pixels, ${kilobytes.toFixed(0)} kB; milliseconds an image`);
    const photos: Photos = { name: "painted photos", folder: painted, out };
    const rows = await benchSteady(photos, count);
    if (!options.steady) rows.push(...(await benchStages(painted, out)), ...(await benchWhole(photos, count)));
    if (existsSync(options.real)) {
      const real = join(out, "real");
      await repeatPhotos(options.real, real, count);
      const wild: Photos = { name: "photos that the face fills", folder: real, out, atMost: IN_THE_WILD_AT_MOST };
      rows.push(...(await benchSteady(wild, count)));
      if (!options.steady) rows.push(...(await benchWhole(wild, count)));
    } else console.log(`No real photos at ${options.real}`);
    if (!options.steady) rows.push(...(await benchGrowth(painted, out, count)));
    await report("preprocess", rows);
  }
} finally {
  await rm(out, { recursive: true, force: true });
}
process.exit(0);
