/**
 * Measures how well near-duplicates are recognised: how many pairs `elegant inspect --duplicates` finds among the photos of a
 * folder, and which share of changed copies of every twelfth photo it finds. The pairs have to be judged by eye: a folder of
 * different photos may hold real copies. Usage: node dist/bench/duplicates.js FOLDER [SHEET.csv]
 */
import { readFile, writeFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { fingerprintOf } from "../src/dataset/duplicates/fingerprint.js";
import { Fingerprints } from "../src/dataset/duplicates/fingerprints.js";
import { groupDuplicates } from "../src/dataset/duplicates/groups.js";
import { formatDuplicates, nameGroups } from "../src/dataset/duplicates/report.js";
import { decodeImage } from "../src/image/codec.js";
import { listImages } from "../src/image/list-images.js";
import { Pixels } from "../src/image/pixels.js";
import { loadModule } from "../src/kernels/module.js";

const EVERY = 12;

type Change = (photo: Sharp, width: number, height: number) => Sharp;

/** Cuts a share of both sides away, of which `left` and `top` from the left and the top. */
const cropped =
  (share: number, left = share / 2, top = share / 2): Change =>
  (photo, width, height) => {
    const [w, h] = [Math.round(width * (1 - share)), Math.round(height * (1 - share))];
    return photo.extract({ left: Math.round(width * left), top: Math.round(height * top), width: w, height: h });
  };

const CHANGES: Readonly<Record<string, Change>> = {
  "JPEG, quality 30": (photo) => photo.jpeg({ quality: 30 }),
  "JPEG, quality 70": (photo) => photo.jpeg({ quality: 70 }),
  "resized by 0.5": (photo, width) => photo.resize(Math.round(width / 2)),
  "resized by 1.5": (photo, width) => photo.resize(Math.round(width * 1.5)),
  "brightened by 20 %": (photo) => photo.modulate({ brightness: 1.2 }),
  "contrast raised by 20 %": (photo) => photo.linear(1.2, -25),
  "in grey": (photo) => photo.greyscale(),
  mirrored: (photo) => photo.flop(),
  "cropped by 2 %, from all sides": cropped(0.02),
  "cropped by 2 %, from one corner": cropped(0.02, 0.02, 0),
  "cropped by 5 %, from all sides": cropped(0.05),
};

const [folder, csv] = process.argv.slice(2);
sharp.concurrency(1);
const pixels = new Pixels(await loadModule("image"));
const paths = await listImages(folder, true);
const prints = new Fingerprints(paths.length);
const began = performance.now();
for (const [i, path] of paths.entries()) {
  prints.set(i, fingerprintOf(pixels, await decodeImage(await readFile(path), path)));
}
const decoded = performance.now();
const groups = groupDuplicates(prints);
const seconds = [decoded - began, performance.now() - decoded].map((ms) => (ms / 1000).toFixed(1));
const found = groups.reduce((sum, { others }) => sum + others.length, 0);
console.log(`${paths.length} photos: ${found} near-duplicates in ${groups.length} groups`);
console.log(`${seconds[0]} s to decode and fingerprint on one thread, ${seconds[1]} s to find the groups`);
if (csv !== undefined) await writeFile(csv, formatDuplicates(nameGroups(groups, paths)));

for (const [name, change] of Object.entries(CHANGES)) {
  let copies = 0;
  let recognised = 0;
  for (let i = 0; i < paths.length; i += EVERY) {
    const bytes = await readFile(paths[i]);
    const { width, height } = await sharp(bytes).metadata();
    const changed = change(sharp(bytes), width, height);
    const copy = name.startsWith("JPEG") ? changed : changed.jpeg({ quality: 90 });
    const pair = new Fingerprints(2);
    pair.set(0, fingerprintOf(pixels, await decodeImage(bytes, paths[i])));
    pair.set(1, fingerprintOf(pixels, await decodeImage(await copy.toBuffer(), name)));
    copies++;
    if (pair.compare(0, 1) !== null) recognised++;
  }
  console.log(`${name}: ${recognised} of ${copies} copies recognised (${((100 * recognised) / copies).toFixed(1)} %)`);
}
