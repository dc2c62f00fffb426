/**
 * Measures how fast `preprocess --detect` is, next to OpenCV's Haar cascade, and how often it is right. Usage:
 * npm run bench:detect -- [--photos N] [--shared FOLDER]. FOLDER is ../shared/faces; without it only painted photos are
 * measured. PYTHON names a Python with opencv-contrib-python (for the cascade's weights) and scikit-image (for photos
 * without faces).
 */
import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { landmarksAt, readLandmarks } from "../src/dataset/lists.js";
import { FaceFinder } from "../src/detection/face-finder.js";
import { poseProblem } from "../src/detection/pose.js";
import { similarityFromLandmarks, transformPoint } from "../src/image/align.js";
import { decodeImage, encodeJpeg } from "../src/image/codec.js";
import { Pixels, wholeOf } from "../src/image/pixels.js";
import { loadModule } from "../src/kernels/module.js";
import { preprocess } from "../src/preprocess/preprocess.js";
import type { FivePoints } from "../src/types.js";
import { type Row, row, timingOf } from "./measure.js";
import { haarCascade } from "./preprocess/peers.js";
import { paintPhotos } from "./preprocess/photos.js";
import { runPython } from "./processes.js";
import { report } from "./report.js";

const SIZE = 256;
const ROUNDS = 3;
const DETECT = { faces: "largest", minScore: 0.5, minFace: 0, minSharpness: 0 } as const;
/** Longer side of the photo that our small detector sees first; the peer sees the same. */
const SEEN_SIDE = 320;
/** Pixels, at 256 px, that found landmarks may differ from given ones on average. */
const WITHIN = 6;
const EMPTY_PICTURES = 500;
const FACES_TO_FIND = 2000;

/** Times a folder of photos: JPEG files to aligned JPEG files, with one worker per core. */
async function timeFolder(name: string, folder: string, workers: number): Promise<Row> {
  const out = await mkdtemp(join(tmpdir(), "elegant-detect-"));
  const peer = haarCascade(folder, workers, SEEN_SIDE);
  const count = readdirSync(folder).length;
  const [ours, theirs]: [number[], number[]] = [[], []];
  let found = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const options = { images: undefined, format: "jpg", crop: null, limit: null, size: SIZE, quality: 95 } as const;
      const result = await preprocess(folder, join(out, `${round}`), { ...options, workers, detect: DETECT });
      found = result.done;
      ours.push(result.seconds.wall * 1000);
      const milliseconds = await peer.round();
      if (milliseconds !== null) theirs.push(milliseconds);
    }
  } finally {
    peer.close();
    await rm(out, { recursive: true, force: true });
  }
  const haar = runPython<number>("haar.py", [folder, "count", SEEN_SIDE]);
  console.log(`${name}: ${count} photos, a face in ${found}; Haar cascade: ${haar ?? "not measured"}`);
  const compared =
    theirs.length === 0
      ? undefined
      : { name: "OpenCV Haar cascade, boxes only", version: peer.version, timing: timingOf(theirs) };
  return row(name, timingOf(ours), count, compared);
}

/** Mean distance, in pixels of a 256 px crop, between the positions that two alignments give the landmarks. */
function disagreement(given: FivePoints, found: FivePoints): number {
  const [a, b] = [given, found].map((points) => similarityFromLandmarks(points, SIZE));
  const distances = given.map(([x, y]) => {
    const [[u, v], [p, q]] = [transformPoint(a, x, y), transformPoint(b, x, y)];
    return Math.hypot(u - p, v - q);
  });
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
}

async function checkAgreement(finder: FaceFinder, folder: string): Promise<string> {
  const table = await readLandmarks(join(folder, "list_landmarks_celeba.txt"));
  let within = 0;
  for (const [i, file] of table.files.entries()) {
    const photo = await decodeImage(await readFile(join(folder, "images", file)), file);
    const [face] = await finder.detect(photo, { minScore: DETECT.minScore, all: false });
    if (face !== undefined && disagreement(landmarksAt(table, i), face.points) <= WITHIN) within++;
  }
  return `${within} of ${table.files.length} within ${WITHIN} px of the given landmarks`;
}

/** The number of pictures in which a face is found that can be aligned. */
async function countFound(finder: FaceFinder, folder: string, most: number): Promise<string> {
  const names = readdirSync(folder).sort().slice(0, most);
  let found = 0;
  for (const name of names) {
    const photo = await decodeImage(await readFile(join(folder, name)), name);
    const faces = await finder.detect(photo, { minScore: DETECT.minScore, all: true });
    if (faces.some(({ points }) => poseProblem(points, photo) === null)) found++;
  }
  return `a face in ${found} of ${names.length}`;
}

/** Photos with a longer side of `side` pixels, made from others. Each is there `times` times. */
async function resizePhotos(source: string, folder: string, side: number, times: number): Promise<void> {
  const pixels = new Pixels(await loadModule("image"));
  await mkdir(folder, { recursive: true });
  for (const name of readdirSync(source).sort()) {
    const photo = await decodeImage(await readFile(join(source, name)), name);
    const scale = side / Math.max(photo.width, photo.height);
    const [width, height] = [photo.width, photo.height].map((length) => Math.round(length * scale));
    const bytes = await encodeJpeg(pixels.resize(photo, wholeOf(photo), width, height), 90);
    for (let i = 0; i < times; i++) await writeFile(join(folder, `${i}-${name}.jpg`), bytes);
  }
}

const { values } = parseArgs({ options: { photos: { type: "string", default: "300" }, shared: { type: "string" } } });
const count = Number(values.photos);
const workers = availableParallelism();
const folder = await mkdtemp(join(tmpdir(), "elegant-bench-"));
try {
  const rows: Row[] = [];
  await paintPhotos(join(folder, "painted"), count, 409, 687);
  rows.push(await timeFolder("find and align, painted 409 x 687", join(folder, "painted/images"), workers));
  await paintPhotos(join(folder, "large"), Math.ceil(count / 5), 2000, 3000);
  rows.push(await timeFolder("find and align, painted 2000 x 3000", join(folder, "large/images"), workers));
  const facts: Record<string, string> = {};
  const finder = await FaceFinder.open(1);
  if (values.shared !== undefined) {
    const wild = join(values.shared, "in-the-wild");
    await resizePhotos(join(wild, "images"), join(folder, "wild"), 687, 4);
    rows.push(await timeFolder("find and align, photos of 687 px", join(folder, "wild"), workers));
    await resizePhotos(join(wild, "images"), join(folder, "wild-large"), 3000, 1);
    rows.push(await timeFolder("find and align, photos of 3000 px", join(folder, "wild-large"), workers));
    facts["in-the-wild"] = await checkAgreement(finder, wild);
    facts["celeba-landmarks"] = await checkAgreement(finder, join(values.shared, "celeba-landmarks"));
    facts["celeba-hq"] = await countFound(finder, join(values.shared, "celeba-hq-256/images"), FACES_TO_FIND);
  }
  if (runPython<number>("no-faces.py", [join(folder, "empty"), EMPTY_PICTURES]) !== null) {
    facts["pictures without a face"] = await countFound(finder, join(folder, "empty"), EMPTY_PICTURES);
  }
  await finder.close();
  for (const [name, fact] of Object.entries(facts)) console.log(`${name}: ${fact}`);
  await report("detect", rows, { facts });
} finally {
  await rm(folder, { recursive: true, force: true });
}
