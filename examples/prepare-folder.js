// Turns a folder of your own photos into aligned faces to train on, and lists the photos that could not be used.
// Ctrl-C saves; the same command continues.
//
//   node examples/prepare-folder.js photos faces
import * as elegant from "elegant-faces";

const [photos, faces] = process.argv.slice(2);
if (faces === undefined) {
  console.error("usage: node examples/prepare-folder.js PHOTOS FACES");
  process.exit(2);
}

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

try {
  const report = await elegant.preprocess(photos, faces, {
    detect: { faces: "largest", minScore: 0.5, minFace: 64, minSharpness: 0 },
    size: 256,
    format: "jpg",
    quality: 95,
    images: undefined,
    crop: null,
    limit: null,
    workers: 2,
    signal: stop.signal,
  });
  console.log(
    `${report.done} faces, ${report.imagesPerSecond.toFixed(0)} photos a second; ${report.skipped} from before`,
  );
  for (const { file, reason } of report.failures) console.log(`left out: ${file}: ${reason}`);
} catch (error) {
  if (!(error instanceof elegant.ElegantError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
