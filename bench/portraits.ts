/**
 * Shows how a model of real faces edits photos. It edits the two public-domain portraits of docs/images, each with the
 * other one as the reference: Eileen Collins has bangs and smiles, Grace Hopper wears glasses. It writes strips.png
 * (the steps of `linear` and the change) to DIR, and each whole photo with its edit pasted back, next to the original
 * photo. Usage: npm run picture:portraits -- --model MODEL --out DIR
 */
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FaceReader, type PlacedFace, pasteIntoPhoto } from "../src/detection/placed-face.js";
import { openDevice } from "../src/device/open.js";
import { disposeFaces, encodeFaces, render, toPictures, toTensor } from "../src/editing/faces.js";
import { linear } from "../src/editing/linear.js";
import { writeFileAtomic } from "../src/files.js";
import { encodePng } from "../src/image/codec.js";
import { readPhoto } from "../src/image/photo.js";
import { openGenerator } from "../src/models/open.js";
import { changePicture } from "../src/sheet/change.js";
import { composeSheet } from "../src/sheet/sheet.js";
import type { RgbaImage } from "../src/types.js";

const STEPS = 4;
/** Side in pixels at which crops are shown, whatever the model's size. */
const SHOWN_SIDE = 256;
/** Lowest detector score that counts as a face. */
const MIN_SCORE = 0.5;
const PORTRAITS = {
  collins: { file: "astronaut.jpg", has: ["Bangs", "Smiling"] },
  hopper: { file: "hopper.jpg", has: ["Eyeglasses"] },
} as const;

const { values } = parseArgs({ options: { model: { type: "string" }, out: { type: "string" } } });
const { model, out } = values;
if (model === undefined || out === undefined) {
  console.error("Usage: npm run picture:portraits -- --model MODEL --out DIR");
  process.exit(2);
}
await mkdir(out, { recursive: true });
const workers = availableParallelism();
const device = await openDevice("wasm", workers);
const reader = new FaceReader(workers, MIN_SCORE);
try {
  const generator = await openGenerator(model);
  const { size, attributes } = generator.config;
  const pathOf = (file: string): string => fileURLToPath(new URL(`../../docs/images/${file}`, import.meta.url));
  const encode = async ({ crop }: PlacedFace) => encodeFaces(generator, await toTensor([crop], size));
  const [collins, hopper] = [
    await reader.read(pathOf(PORTRAITS.collins.file)),
    await reader.read(pathOf(PORTRAITS.hopper.file)),
  ];
  const edits = [
    { name: "collins", own: collins, other: hopper, has: PORTRAITS.collins.has },
    { name: "hopper", own: hopper, other: collins, has: PORTRAITS.hopper.has },
  ].flatMap(({ has, ...rest }) =>
    // If both have an attribute or both lack it, there is nothing to see.
    [...PORTRAITS.collins.has, ...PORTRAITS.hopper.has]
      .filter((attribute) => attributes.includes(attribute))
      .map((attribute) => ({ ...rest, attribute, verb: has.some((name) => name === attribute) ? "removed" : "added" })),
  );
  const strips: RgbaImage[][] = [];
  const names: string[] = [];
  for (const { name, own, other, attribute, verb } of edits) {
    const [face, reference] = [await encode(own), await encode(other)];
    const [steps, same] = [linear(generator, face, reference, attribute, STEPS), render(generator, face, face.latent)];
    const [input, ...pictures] = [...(await toPictures(face.images)), ...(await toPictures(steps))];
    const [unedited] = await toPictures(same);
    const [shown] = await toPictures(reference.images);
    const result = pictures[pictures.length - 1];
    strips.push([input, ...pictures, changePicture(input, result), shown]);
    names.push(`${name}, ${attribute} ${verb}`);
    steps.dispose();
    same.dispose();
    for (const each of [face, reference]) disposeFaces(each);
    const [before, after] = [
      await readPhoto(own.photo, own.photo),
      await pasteIntoPhoto([{ face: own, before: unedited, after: result }]),
    ];
    const path = join(out, `${name}-${attribute}-${verb}.png`);
    await writeFileAtomic(path, await encodePng(composeSheet([[before, after]])));
    console.log(path);
  }
  const shares = Array.from({ length: STEPS }, (_, i) => `${((i + 1) * 100) / STEPS} %`);
  const labels = { columns: ["input", ...shares, "change", "reference"], rows: names };
  const sheet = composeSheet(strips, { labels, scale: SHOWN_SIDE / size });
  await writeFileAtomic(join(out, "strips.png"), await encodePng(sheet));
  console.log(join(out, "strips.png"));
  generator.dispose();
} finally {
  await reader.close();
  await device.close();
}
