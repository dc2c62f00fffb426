/**
 * Makes two images of painted faces edited by the shipped checkpoint, each swap next to the change it made and to the truth.
 *
 * - docs/images/swaps.png (README.md): four kinds of swaps, each the one of its pairs that comes closest to the truth in whole
 *   decibels gained over the input. The figure decides, not the eye; README.md says that these are the best ones.
 * - docs/images/all-swaps.png (docs/results.md): two rows per attribute of the checkpoint, one added and one removed. The
 *   position in the list decides which pair is shown.
 *
 * Usage: npm run picture [-- MODEL FOLDER]; the defaults are `painted` and docs/images.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDataset } from "../src/dataset/dataset.js";
import { chooseGroups } from "../src/demo/edits.js";
import { loadHeldOut } from "../src/demo/pairs.js";
import { nameSwaps, swapPairs } from "../src/demo/scores.js";
import { type ShownSwap, SWAP_COLUMNS, swapCells } from "../src/demo/sheets.js";
import { openDevice } from "../src/device/open.js";
import { writeFileAtomic } from "../src/files.js";
import { encodePng } from "../src/image/codec.js";
import { openGenerator } from "../src/models/open.js";
import { PAINTED } from "../src/models/shipped.js";
import { preprocess } from "../src/preprocess/preprocess.js";
import { scoreAgainstTruth } from "../src/scoring/measures.js";
import { composeSheet } from "../src/sheet/sheet.js";
import { writeSynth } from "../src/synth/write.js";

/** The demo's seed. The checkpoint was trained on faces of another seed, so it has not seen these. */
const SEED = 1;
const PHOTOS = 150;
/** Number of held-out pairs per attribute and direction to choose from. */
const PAIRS = 12;
/** Factor by which each image is enlarged. */
const SCALE = 2;

/** The rows of README's image. */
const README_ROWS = ["Eyeglasses, added", "Eyeglasses, removed", "Bangs, added", "Smiling, added"];

const [model = PAINTED, out = fileURLToPath(new URL("../../docs/images", import.meta.url))] = process.argv.slice(2);

async function writeSheet(name: string, shown: readonly ShownSwap[]): Promise<void> {
  const rows = shown.map(({ pair }) => nameSwaps(pair).replace(",", ""));
  const sheet = composeSheet(shown.map(swapCells), { labels: { columns: [...SWAP_COLUMNS], rows }, scale: SCALE });
  await writeFileAtomic(join(out, name), await encodePng(sheet));
  for (const { pair } of shown) {
    console.log(`${name}: ${nameSwaps(pair)}: ${pair.inputFace.file}, reference ${pair.referenceFace.file}`);
  }
}

const gain = ({ pair, result }: ShownSwap): number => scoreAgainstTruth(pair.input, result, pair).wholeGain;

const workers = availableParallelism();
const folder = await mkdtemp(join(tmpdir(), "elegant-picture-"));
const device = await openDevice("wasm", workers);
try {
  const generator = await openGenerator(model);
  const [photos, crops] = [join(folder, "photos"), join(folder, "faces")];
  await writeSynth({ directory: photos, count: PHOTOS, seed: SEED, workers });
  const { size, attributes } = generator.config;
  const format = { size, format: "png", quality: 95 } as const;
  await preprocess(photos, crops, { ...format, images: undefined, crop: null, limit: null, workers });
  const groups = await chooseGroups(await loadHeldOut(await openDataset(crops), SEED), attributes, PAIRS);
  const best = new Map<string, ShownSwap>();
  const all: ShownSwap[] = [];
  for (const [i, { attribute, pairs }] of groups.entries()) {
    if (pairs.length === 0 || !attributes.includes(attribute)) continue;
    const results = await swapPairs(generator, pairs);
    const shown = pairs.map((pair, j): ShownSwap => ({ pair, result: results[j] }));
    // Use another position in each list, because the lists of all groups begin with the same faces.
    all.push(shown[i % shown.length]);
    const first = shown.reduce((one, other) => (gain(other) > gain(one) ? other : one));
    best.set(nameSwaps(first.pair), first);
  }
  await writeSheet(
    "swaps.png",
    README_ROWS.flatMap((name) => best.get(name) ?? []),
  );
  await writeSheet("all-swaps.png", all);
  generator.dispose();
} finally {
  await device.close();
  await rm(folder, { recursive: true, force: true });
}
