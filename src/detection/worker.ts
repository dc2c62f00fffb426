/** The detector's thread. It loads networks and kernels once. */
import { workerData } from "node:worker_threads";
import { Pixels } from "../image/pixels.js";
import { answerRequests } from "./face-thread.js";
import { locateFaces } from "./locate.js";
import { openFaceNetworks } from "./networks.js";
import type { DetectedFace, DetectorWorkerData, DetectRequest } from "./protocol.js";

const { imageModule, threads } = workerData as DetectorWorkerData;
const pixels = new Pixels(imageModule);
const networks = openFaceNetworks(threads);
networks.catch(() => {}); // reported with the first photo

answerRequests<DetectRequest, readonly DetectedFace[]>(async ({ image, ...options }) =>
  locateFaces(await networks, pixels, image, options),
);
