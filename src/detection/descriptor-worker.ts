/** The thread of FaceDescriptors. It loads one network once. */
import { workerData } from "node:worker_threads";
import type { RgbaImage } from "../types.js";
import { answerRequests } from "./face-thread.js";
import { FaceLayers } from "./layers.js";
import type { DescriptorWorkerData } from "./protocol.js";
import { loadRecognizer } from "./recognition.js";

const { threads } = workerData as DescriptorWorkerData;
const network = FaceLayers.open(threads).then(loadRecognizer);
network.catch(() => {}); // reported with the first batch

answerRequests<readonly RgbaImage[], Float32Array>(async (pictures) => (await network)(pictures));
