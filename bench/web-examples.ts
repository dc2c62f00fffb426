/**
 * Makes the pictures that the page shows before its user has given any, and examples.json, which lists them: painted
 * faces of each kind of glasses, bangs, smile and mustache, and the public-domain portraits of docs/images. The first
 * painted face of each kind is taken; nobody chose them by their looks. Usage: npm run picture:web
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FaceReader } from "../src/detection/placed-face.js";
import { similarityFromLandmarks } from "../src/image/align.js";
import { encodeJpeg } from "../src/image/codec.js";
import { readPhoto } from "../src/image/photo.js";
import { Pixels } from "../src/image/pixels.js";
import { warpReduced } from "../src/image/reduce.js";
import { loadModule } from "../src/kernels/module.js";
import { presentAttributes } from "../src/synth/attributes.js";
import type { AttributeStyles } from "../src/synth/face.js";
import { photoLandmarks } from "../src/synth/geometry.js";
import { fileName } from "../src/synth/lists.js";
import { sampleFace } from "../src/synth/sample.js";
import { writeSynth } from "../src/synth/write.js";
import type { RgbaImage } from "../src/types.js";
import type { ExamplePicture, Examples } from "../src/web/page/models.js";

/** The painted checkpoint was trained on faces of another seed. */
const SEED = 1;
const FACES = 80;
/** Side in pixels of crops that only serve as references. */
const REFERENCE_SIDE = 128;
const CROP_SIZE = 256;
const QUALITY = 92;
/** Lowest detector score that counts as a face. */
const MIN_SCORE = 0.5;

/** The kinds that are shown of each attribute, and their descriptions. */
const KINDS = {
  Eyeglasses: { round: "round glasses", square: "square glasses", thick: "thick frames", dark: "dark glasses" },
  Bangs: { full: "straight bangs", left: "bangs to the left", right: "bangs to the right", parted: "parted bangs" },
  Smiling: { closed: "closed smile", teeth: "smile with teeth", wide: "wide smile" },
  Mustache: { pencil: "thin mustache", bushy: "bushy mustache", handlebar: "handlebar mustache" },
} as const;
const STYLES = {
  Eyeglasses: "eyeglasses",
  Bangs: "bangs",
  Smiling: "smiling",
  Mustache: "mustache",
} as const satisfies Record<keyof typeof KINDS, keyof AttributeStyles>;
const WITHOUT = { Eyeglasses: "no glasses", Bangs: "no bangs", Smiling: "no smile", Mustache: "no mustache" } as const;

const folder = (path: string): string => fileURLToPath(new URL(`../../${path}/`, import.meta.url));
const out = folder("src/web/static/examples");
const images = folder("docs/images");
const workers = availableParallelism();
const scratch = await mkdtemp(join(tmpdir(), "elegant-web-"));
const reader = new FaceReader(workers, MIN_SCORE);

async function save(file: string, picture: RgbaImage): Promise<void> {
  await writeFile(join(out, file), await encodeJpeg(picture, QUALITY));
}

async function paint(pixels: Pixels): Promise<Examples> {
  const photos = join(scratch, "photos");
  await writeSynth({ directory: photos, count: FACES, seed: SEED, workers });
  const faces = Array.from({ length: FACES }, (_, i) => sampleFace(SEED, i));
  const pathOf = (index: number): string => join(photos, "images", fileName(index));
  const crop = async (index: number, side: number): Promise<RgbaImage> => {
    const path = pathOf(index);
    return warpReduced(
      pixels,
      await readPhoto(path, path),
      similarityFromLandmarks(photoLandmarks(faces[index]), side),
      side,
    );
  };
  const names = Object.keys(KINDS) as (keyof typeof KINDS)[];
  const plain = faces.flatMap((face, i) => (names.some((name) => presentAttributes(face).has(name)) ? [] : i));
  const references: Record<string, ExamplePicture[]> = {};
  await save("without.jpg", await crop(plain[1], REFERENCE_SIDE));
  for (const name of names) {
    references[name] = [];
    for (const [kind, description] of Object.entries(KINDS[name])) {
      const index = faces.findIndex(({ styles }) => styles[STYLES[name]]?.kind === kind);
      const file = `${name.toLowerCase()}-${kind}.jpg`;
      await save(file, await crop(index, REFERENCE_SIDE));
      references[name].push({ file, description });
    }
    references[name].push({ file: "without.jpg", description: WITHOUT[name] });
  }
  const [first] = plain;
  await writeFile(join(out, "painted.jpg"), await readFile(pathOf(first)));
  const matrix = similarityFromLandmarks(photoLandmarks(faces[first]), CROP_SIZE);
  const photo = { file: "painted.jpg", description: "a painted face", matrix, cropSize: CROP_SIZE };
  return { photo, references, first: { attribute: "Eyeglasses", reference: 0 } };
}

/** The portraits are copied from docs/images when the page is built. */
async function portraits(): Promise<Examples> {
  const read = async (file: string) => reader.read(join(images, file));
  const [collins, hopper] = [await read("astronaut.jpg"), await read("hopper.jpg")];
  await save("collins.jpg", collins.crop);
  await save("hopper-face.jpg", hopper.crop);
  const [withBangs, withGlasses] = ["collins.jpg", "hopper-face.jpg"];
  return {
    photo: {
      file: "astronaut.jpg",
      description: "Eileen Collins (NASA)",
      matrix: collins.matrix,
      cropSize: collins.size,
    },
    references: {
      Eyeglasses: [{ file: withGlasses, description: "the glasses of Grace Hopper (US Navy)" }],
      Bangs: [{ file: withGlasses, description: "no bangs: Grace Hopper (US Navy)" }],
      Smiling: [
        { file: withBangs, description: "the smile of Eileen Collins (NASA)" },
        { file: withGlasses, description: "no smile: Grace Hopper (US Navy)" },
      ],
    },
    first: { attribute: "Smiling", reference: 1 },
  };
}

try {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const pixels = new Pixels(await loadModule("image"));
  const examples = { painted: await paint(pixels), "celeba-hq": await portraits() };
  await writeFile(join(out, "examples.json"), `${JSON.stringify(examples, null, 1)}\n`);
  console.log(out);
} finally {
  await reader.close();
  await rm(scratch, { recursive: true });
}
