/**
 * Opens what a thread of Node.js needs for face networks. These threads (worker.ts, descriptor-worker.ts) have globals of
 * their own, so the device, the kernels and the flags disturb nothing else.
 */
import { env } from "@tensorflow/tfjs-core";
import { openDevice } from "../device/open.js";
import { type FaceApi, loadFaceApi } from "./face-api.js";

/** Opens the `wasm` device and the package. Call it once per thread. @param threads as for openDevice() */
export async function openFaceApi(threads: number): Promise<FaceApi> {
  await openDevice("wasm", threads);
  // The bundle would set up a platform for Node with parts that it does not contain. Ours is set up already.
  env().set("IS_NODE", false);
  // The bundle registers its kernels and backends again, with a warning for each.
  env().set("PROD", true);
  return loadFaceApi();
}
