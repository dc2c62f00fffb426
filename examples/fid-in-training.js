// Trains in rounds, and measures the FID of the edits after each round: the distance between faces that were given an
// attribute and real faces that have it.
//
//   node examples/fid-in-training.js faces Eyeglasses run [rounds] [weights of Inception]
//
// Without weights, a seeded random network compares the rounds with each other. Only with the published weights can the
// figures be compared with those of other people.
import { join } from "node:path";
import * as elegant from "elegant-faces";

const [facesFolder, attribute, folder, rounds = "3", weights] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node examples/fid-in-training.js FACES ATTRIBUTE RUN [ROUNDS] [WEIGHTS]");
  process.exit(2);
}
const STEPS = 20; // per round; a real training has thousands
const IMAGES = 64; // on each side; published figures use 10,000 and more
const BATCH = 8;

const device = await elegant.openDevice("auto", 2);
try {
  const dataset = await elegant.openDataset(facesFolder);
  const [withAttribute, without] = [1, 0].map((value) => filesWith(dataset, value));
  const { network, method } = elegant.PRESETS.modern;
  const config = elegant.createConfig({ ...network, size: 64, width: 16, attributes: [attribute] });
  const fid = await elegant.openFid(weights ? { weights } : { features: "random-inception", dims: 192 });
  const real = await fid.measure(read(withAttribute));
  console.log(`${fid.network}, ${fid.comparable ? "comparable" : "not comparable"} with published figures`);

  for (let round = 1; round <= Number(rounds); round++) {
    await elegant.train({
      ...{ dataset, folder, config, settings: { ...method, batch: BATCH, seed: 1 } },
      ...{ steps: round * STEPS, resume: round > 1, saveEvery: 1000, sampleEvery: 1000, workers: 2 },
    });
    const model = await elegant.openGenerator(folder);
    const edited = await fid.measure(edit(model, without, withAttribute));
    model.dispose();
    console.log(`step ${round * STEPS}: FID ${fid.distance(real, edited).toFixed(3)}`);
  }
  await fid.close();
} catch (error) {
  if (!(error instanceof elegant.ElegantError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
} finally {
  await device.close();
}

/**
 * Paths of the first images with the attribute (1) or without it (0).
 * @param {elegant.FaceDataset} dataset
 * @param {number} value
 */
function filesWith({ attributes, files, imageDir }, value) {
  const column = attributes?.names.indexOf(attribute) ?? -1;
  if (attributes === null || column < 0) throw new elegant.InputError(`${facesFolder}: no labels of ${attribute}.`);
  const chosen = files.filter((_, i) => attributes.values[i * attributes.names.length + column] === value);
  return chosen.slice(0, IMAGES).map((file) => join(imageDir, file));
}

/** @param {readonly string[]} paths */
async function* read(paths) {
  for (const path of paths) yield await elegant.readPicture(path);
}

/**
 * Yields each input with the attribute of a reference.
 * @param {elegant.Generator} model
 * @param {readonly string[]} inputs
 * @param {readonly string[]} references
 */
async function* edit(model, inputs, references) {
  /** @param {string} path */
  const encode = async (path) =>
    elegant.encodeFaces(model, await elegant.toTensor([await elegant.readPicture(path)], model.config.size));
  for (const [i, path] of inputs.entries()) {
    const [input, reference] = [await encode(path), await encode(references[i % references.length])];
    const edited = elegant.swapMany(model, input, [{ attribute, reference }]);
    yield* await elegant.toPictures(edited);
    // Tensors are not garbage-collected: free them, or a long training runs out of memory.
    edited.dispose();
    elegant.disposeFaces(input);
    elegant.disposeFaces(reference);
  }
}
