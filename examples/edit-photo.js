// Gives the largest face of a photo an attribute of the largest face of another photo.
//
//   node examples/edit-photo.js holiday.jpg friend.jpg Smiling edited.png [model]
//
// Models: "celeba-hq" (default; photos; for non-commercial research only), "painted" (painted faces), or a run of your own.
import { writeFile } from "node:fs/promises";
import * as elegant from "elegant-faces";

const [photoPath, referencePath, attribute, out, modelName = "celeba-hq"] = process.argv.slice(2);
if (out === undefined) {
  console.error("usage: node examples/edit-photo.js PHOTO REFERENCE ATTRIBUTE OUT.png [MODEL]");
  process.exit(2);
}

const finder = await elegant.openFaceFinder();

/** @param {string} path */
async function largestFace(path) {
  const photo = await elegant.readPhoto(path);
  const [face] = await finder.find(photo);
  if (face === undefined) throw new elegant.InputError(`${path}: expected a face seen from the front, received none.`);
  return { photo, face };
}

const device = await elegant.openDevice("auto", 2);
try {
  const model = await elegant.openGenerator(modelName);
  const { photo, face } = await largestFace(photoPath);
  const reference = await largestFace(referencePath);

  /** @param {elegant.RgbaImage} crop */
  const encode = async (crop) => elegant.encodeFaces(model, await elegant.toTensor([crop], model.config.size));
  const own = await encode(face.crop);
  const edited = elegant.swapMany(model, own, [{ attribute, reference: await encode(reference.face.crop) }]);
  // The photo receives only the difference between these two, so it keeps its own sharpness.
  const [before] = await elegant.toPictures(own.images);
  const [after] = await elegant.toPictures(edited);
  await writeFile(out, await elegant.encodePng(await elegant.pasteFace(photo, face, before, after)));
  console.log(out);
} catch (error) {
  if (!(error instanceof elegant.ElegantError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
} finally {
  await device.close();
}
