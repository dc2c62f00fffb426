// The thread that edits: it opens the model, the face finder and the references once, and keeps them.
import { readdir } from "node:fs/promises";
import { join, parse } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import * as elegant from "elegant-faces";

/** @typedef {{ attribute: string, reference: string, photo: Uint8Array }} Edit */
/** @typedef {{ png: Uint8Array } | { status: number, message: string }} Answer */

const port = parentPort;
if (port === null) throw new Error("editor.js runs as a worker thread of server.js");
const { modelName, referenceFolder, threads } = workerData;

await elegant.openDevice("wasm", threads);
const model = await elegant.openGenerator(modelName);
const finder = await elegant.openFaceFinder();

/** @param {elegant.RgbaImage} crop */
const encode = async (crop) => elegant.encodeFaces(model, await elegant.toTensor([crop], model.config.size));

/** @type {Map<string, elegant.Faces>} */
const references = new Map();
for (const file of (await readdir(referenceFolder)).sort()) {
  const [face] = await finder.find(await elegant.readPhoto(join(referenceFolder, file)));
  if (face !== undefined) references.set(parse(file).name, await encode(face.crop));
}

/**
 * @param {Edit} edit
 * @returns {Promise<Answer>}
 */
async function answer({ attribute, reference, photo: bytes }) {
  if (!model.config.attributes.includes(attribute)) {
    return { status: 400, message: `attribute: expected one of ${model.config.attributes.join(", ")}.` };
  }
  const other = references.get(reference);
  if (other === undefined) {
    return { status: 400, message: `reference: expected one of ${[...references.keys()].join(", ")}.` };
  }
  try {
    const photo = await elegant.decodeImage(bytes, "photo");
    const [face] = await finder.find(photo);
    if (face === undefined) return { status: 422, message: "photo: expected a face seen from the front, found none." };
    const own = await encode(face.crop);
    const edited = elegant.swapMany(model, own, [{ attribute, reference: other }]);
    const [before] = await elegant.toPictures(own.images);
    const [after] = await elegant.toPictures(edited);
    elegant.disposeFaces(own);
    edited.dispose();
    return { png: await elegant.encodePng(await elegant.pasteFace(photo, face, before, after)) };
  } catch (error) {
    // Anything but a photo that cannot be read is a fault of this program, and server.js starts a new thread.
    if (error instanceof elegant.InputError) return { status: 422, message: error.message };
    throw error;
  }
}

port.on("message", async (/** @type {Edit} */ edit) => {
  const reply = await answer(edit);
  port.postMessage(reply, "png" in reply ? [/** @type {ArrayBuffer} */ (reply.png.buffer)] : []);
});
port.postMessage({ ready: [...references.keys()] });
