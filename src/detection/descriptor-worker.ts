/** The thread of FaceDescriptors. It has one network and handles batches one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import type { DescribeReply, DescribeRequest, DescriptorWorkerData } from "./protocol.js";
import { describePictures, loadRecognition } from "./recognition.js";

const { threads } = workerData as DescriptorWorkerData;
const network = loadRecognition(threads);
network.catch(() => {}); // reported with the first batch

async function answer({ id, pictures }: DescribeRequest): Promise<DescribeReply> {
  try {
    return { id, descriptors: await describePictures(await network, pictures) };
  } catch (error) {
    return { id, failure: error instanceof Error ? error.message : String(error) };
  }
}

// Handle requests one after the other: scopes that tidy the network's tensors must not interleave.
let last: Promise<unknown> = Promise.resolve();
parentPort?.on("message", (request: DescribeRequest) => {
  last = last.then(async () => parentPort?.postMessage(await answer(request)));
});
