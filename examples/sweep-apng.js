// Sweeps an attribute from the input to the reference and back, as an animated PNG, which browsers show. Both files are
// aligned, square faces, as `elegant align` and `elegant preprocess` make them.
//
//   node examples/sweep-apng.js face.png other.png Eyeglasses sweep.png [model]
import { writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import * as elegant from "elegant-faces";

const [inputPath, referencePath, attribute, out, modelName = "painted"] = process.argv.slice(2);
if (out === undefined) {
  console.error("usage: node examples/sweep-apng.js FACE REFERENCE ATTRIBUTE OUT.png [MODEL]");
  process.exit(2);
}
const STEPS = 12;
const SCALE = 4; // A face of 64 px is small on a screen.
const MILLISECONDS = 80; // per frame

const device = await elegant.openDevice("auto", 2);
try {
  const model = await elegant.openGenerator(modelName);
  /** @param {string} path */
  const encode = async (path) =>
    elegant.encodeFaces(model, await elegant.toTensor([await elegant.readPicture(path)], model.config.size));
  const [input, reference] = [await encode(inputPath), await encode(referencePath)];
  const there = await elegant.toPictures(elegant.linear(model, input, reference, attribute, STEPS));
  const [start] = await elegant.toPictures(input.images);
  const frames = [start, ...there, ...there.slice(0, -1).reverse()];
  await writeFile(out, await encodeAnimation(frames.map(enlarge)));
  console.log(`${out}: ${frames.length} frames`);
} catch (error) {
  if (!(error instanceof elegant.ElegantError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
} finally {
  await device.close();
}

/** Repeats each pixel SCALE times in both directions. @param {elegant.RgbaImage} image */
function enlarge({ width, height, data }) {
  const from = new Uint32Array(data.slice().buffer);
  const side = width * SCALE;
  const to = Uint32Array.from({ length: side * height * SCALE }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    return from[Math.floor(y / SCALE) * width + Math.floor(x / SCALE)];
  });
  return { width: side, height: height * SCALE, data: new Uint8Array(to.buffer) };
}

/**
 * Puts the pixels of PNG files into one animated PNG file (PNG specification, third edition, section 11.3.6).
 * @param {readonly elegant.RgbaImage[]} frames of the same size
 */
async function encodeAnimation(frames) {
  const { width, height } = frames[0];
  const files = await Promise.all(frames.map((frame) => elegant.encodePng(frame)));
  let sequence = 0;
  const body = files.flatMap((file, i) => {
    // Shown for MILLISECONDS / 1000 seconds, in the place of the frame before.
    const control = numbers(4, sequence++, width, height, 0, 0).concat(numbers(2, MILLISECONDS, 1000), [0, 0]);
    const pixels = [...chunks(file)].filter(({ type }) => type === "IDAT").map(({ data }) => data);
    const parts = pixels.map((data) =>
      i === 0 ? chunk("IDAT", data) : chunk("fdAT", Buffer.concat([Buffer.from(numbers(4, sequence++)), data])),
    );
    return [chunk("fcTL", Buffer.from(control)), ...parts];
  });
  const [header] = chunks(files[0]);
  const animation = chunk("acTL", Buffer.from(numbers(4, frames.length, 0))); // 0: for ever
  const signature = files[0].subarray(0, 8);
  return Buffer.concat([signature, chunk("IHDR", header.data), animation, ...body, chunk("IEND", Buffer.alloc(0))]);
}

/** The chunks of a PNG file. @param {Uint8Array} file */
function* chunks(file) {
  const bytes = Buffer.from(file);
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    yield { type: bytes.toString("latin1", at + 4, at + 8), data: bytes.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

/** @param {string} type @param {Uint8Array} data */
function chunk(type, data) {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  return Buffer.concat([Buffer.from(numbers(4, data.length)), named, Buffer.from(numbers(4, crc32(named)))]);
}

/** The bytes of numbers, big-endian. @param {2 | 4} size of each @param {readonly number[]} values */
function numbers(size, ...values) {
  return values.flatMap((value) => Array.from({ length: size }, (_, i) => (value >>> (8 * (size - 1 - i))) & 255));
}
