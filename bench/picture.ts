/**
 * Makes README's image: swaps of painted faces by the shipped checkpoint, each next to the change it made and to the
 * truth. It shows two rows per attribute of the checkpoint, one added and one removed. The position in the list decides
 * which pair is shown; nobody chose the swaps by their looks. Usage: npm run picture [-- MODEL FILE]; the defaults are
 * `painted` and docs/images/swaps.png.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDataset } from "../src/dataset/dataset.js";
import { chooseGroups } from "../src/demo/edits.js";
import { loadHeldOut } from "../src/demo/pairs.js";
import { swapPairs } from "../src/demo/scores.js";
import { SWAP_COLUMNS, swapCells } from "../src/demo/sheets.js";
import { openDevice } from "../src/device/open.js";
import { writeFileAtomic } from "../src/files.js";
import { encodePng } from "../src/image/codec.js";
import { openGenerator } from "../src/models/open.js";
import { PAINTED } from "../src/models/shipped.js";
import { preprocess } from "../src/preprocess/preprocess.js";
import { composeSheet } from "../src/sheet/sheet.js";
import { writeSynth } from "../src/synth/write.js";
import type { RgbaImage } from "../src/types.js";

/** The demo's seed. The checkpoint was trained on faces of another seed, so it has not seen these. */
const SEED = 1;
const PHOTOS = 150;
/** Number of held-out pairs per attribute and direction to choose from. */
const PAIRS = 12;
/** Factor by which each image is enlarged. */
const SCALE = 2;

const [model = PAINTED, file = fileURLToPath(new URL("../../docs/images/swaps.png", import.meta.url))] =
  process.argv.slice(2);
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
  const rows: (readonly RgbaImage[])[] = [];
  const names: string[] = [];
  for (const [i, { attribute, adding, pairs }] of groups.entries()) {
    if (pairs.length === 0 || !attributes.includes(attribute)) continue;
    // Use another position in each list, because the lists of all groups begin with the same faces.
    const pair = pairs[i % pairs.length];
    const [result] = await swapPairs(generator, [pair]);
    rows.push(swapCells({ pair, result }));
    names.push(`${attribute} ${adding ? "added" : "removed"}`);
    console.log(`${names.at(-1)}: ${pair.inputFace.file}, reference ${pair.referenceFace.file}`);
  }
  const labels = { columns: [...SWAP_COLUMNS], rows: names };
  await writeFileAtomic(file, await encodePng(composeSheet(rows, { labels, scale: SCALE })));
  console.log(file);
  generator.dispose();
} finally {
  await device.close();
  await rm(folder, { recursive: true, force: true });
}
