/**
 * The recognition network of @vladmandic/face-api: dlib's residual network (King, 2017) as face-api.js ports it. It describes a
 * face by 128 numbers; the same person's descriptors are usually less than SAME_PERSON apart.
 */
import type { RgbaImage } from "../types.js";
import { type FaceApi, loadWeights, openFaceApi, uploadPicture } from "./face-api.js";

/** Side of the network's input in pixels. */
export const RECOGNITION_SIZE = 150;
export const DESCRIPTOR_LENGTH = 128;
/** Euclidean distance that dlib's authors take for the border between one person and two. */
export const SAME_PERSON = 0.6;

export interface Recognition {
  readonly api: FaceApi;
  readonly net: InstanceType<FaceApi["FaceRecognitionNet"]>;
}

/** Opens the device and the network; once per thread. @throws InputError without weights */
export async function loadRecognition(threads: number): Promise<Recognition> {
  const api = await openFaceApi(threads);
  const net = new api.FaceRecognitionNet();
  await loadWeights(api, net, "face_recognition_model");
  return { api, net };
}

/**
 * Descriptors of faces, one after the other.
 * @param pictures aligned faces of RECOGNITION_SIZE pixels a side
 * @returns [pictures, 128]
 */
export async function describePictures(
  { api, net }: Recognition,
  pictures: readonly RgbaImage[],
): Promise<Float32Array<ArrayBuffer>> {
  const descriptors = new Float32Array(pictures.length * DESCRIPTOR_LENGTH);
  for (const [i, picture] of pictures.entries()) {
    const input = uploadPicture(api, picture);
    const found = (await net.computeFaceDescriptor(input)) as Float32Array;
    input.dispose();
    descriptors.set(found, i * DESCRIPTOR_LENGTH);
  }
  return descriptors;
}
