/** The thread of FaceDescriptors. It loads one network once. */
import { workerData } from "node:worker_threads";
import type { RgbaImage } from "../types.js";
import { answerRequests } from "./face-thread.js";
import { openFaceApi } from "./open-face-api.js";
import type { DescriptorWorkerData } from "./protocol.js";
import { describePictures, loadRecognition } from "./recognition.js";

const { threads } = workerData as DescriptorWorkerData;
const network = openFaceApi(threads).then(loadRecognition);
network.catch(() => {}); // reported with the first batch

answerRequests<readonly RgbaImage[], Float32Array>(async (pictures) => describePictures(await network, pictures));
