/**
 * The detector's thread. It loads networks and kernels once and handles one photo at a time. A bad photo gets an
 * answer, too.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Pixels } from "../image/pixels.js";
import { locateFaces } from "./locate.js";
import { loadFaceNetworks } from "./networks.js";
import type { DetectorWorkerData, DetectReply, DetectRequest } from "./protocol.js";

const { imageModule, threads } = workerData as DetectorWorkerData;
const pixels = new Pixels(imageModule);
const networks = loadFaceNetworks(threads);
networks.catch(() => {}); // reported with the first photo

async function answer({ id, image, minScore }: DetectRequest): Promise<DetectReply> {
  try {
    return { id, faces: await locateFaces(await networks, pixels, image, minScore) };
  } catch (error) {
    return { id, failure: error instanceof Error ? error.message : String(error) };
  }
}

// Handle requests one after the other: scopes that tidy the networks' tensors must not interleave.
let last: Promise<unknown> = Promise.resolve();
parentPort?.on("message", (request: DetectRequest) => {
  last = last.then(async () => parentPort?.postMessage(await answer(request)));
});
