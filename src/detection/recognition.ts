/**
 * The recognition network of @vladmandic/face-api: dlib's residual network (King, 2017) as ported by face-api.js. It
 * describes a face by 128 numbers. Descriptors of the same person usually differ by less than SAME_PERSON.
 */
import type { RgbaImage } from "../types.js";
import { type FaceApi, loadWeights, withInput } from "./face-api.js";

/** Side of the network's input in pixels. */
export const RECOGNITION_SIZE = 150;
export const DESCRIPTOR_LENGTH = 128;
/** Euclidean distance that dlib's authors use to separate one person from another. */
export const SAME_PERSON = 0.6;

export interface Recognition {
  readonly api: FaceApi;
  readonly net: InstanceType<FaceApi["FaceRecognitionNet"]>;
}

/** Loads the network onto the current device. It works until the device closes. @throws InputError if weights are missing */
export async function loadRecognition(api: FaceApi): Promise<Recognition> {
  const net = new api.FaceRecognitionNet();
  await loadWeights(api, net, "face_recognition_model");
  return { api, net };
}

/**
 * Descriptors of faces, computed one after the other.
 * @param pictures aligned faces of RECOGNITION_SIZE pixels per side
 * @returns [pictures, 128]
 */
export async function describePictures(
  { api, net }: Recognition,
  pictures: readonly RgbaImage[],
): Promise<Float32Array<ArrayBuffer>> {
  const descriptors = new Float32Array(pictures.length * DESCRIPTOR_LENGTH);
  for (const [i, picture] of pictures.entries()) {
    const [found] = (await withInput(api, [picture], (input) => net.computeFaceDescriptor(input))) as Float32Array[];
    descriptors.set(found, i * DESCRIPTOR_LENGTH);
  }
  return descriptors;
}
