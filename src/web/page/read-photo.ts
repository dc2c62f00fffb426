/** Reads a photo of the user's, with its faces. */
import type { Engine, FoundPhoto } from "../protocol.js";
import { UserError } from "./engine-client.js";
import type { Face, Photo } from "./state.js";

/** Side in pixels of crops, as the engine cuts them. */
const CROP_SIZE = 256;

/**
 * Finds the faces of a photo. A small square picture in which none is found counts as an aligned face.
 * @param engine   on `wasm`
 * @param nextName makes a name for a face in the engines
 * @throws UserError with words for the user if there is no face to edit
 */
export async function readPhoto(engine: Engine, file: File, nextName: () => string): Promise<Photo> {
  const found = await engine.readPhoto(new Uint8Array(await file.arrayBuffer()), file.name);
  const faces: readonly Face[] =
    found.faces.length > 0
      ? found.faces.map(({ crop, matrix, box }) => ({ name: nextName(), crop, matrix, box }))
      : [{ name: nextName(), ...(await wholePicture(engine, found, file.name)) }];
  return { name: file.name, picture: found.photo, faces, isExample: false };
}

async function wholePicture(
  engine: Engine,
  { photo, profiles }: FoundPhoto,
  name: string,
): Promise<Omit<Face, "name">> {
  const { width, height } = photo;
  if (profiles > 0) {
    throw new UserError(`The face in “${name}” is turned to the side. Use a photo of a face from the front.`);
  }
  if (width !== height || width > 2 * CROP_SIZE) {
    const remedy = "Use a photo in which a face is larger and well lit, from the front.";
    throw new UserError(`No face was found in “${name}”. ${remedy}`);
  }
  const scale = CROP_SIZE / width;
  const matrix = [scale, 0, scale / 2 - 0.5, 0, scale, scale / 2 - 0.5] as const;
  return { crop: await engine.cut(photo, matrix, CROP_SIZE), matrix, box: null };
}
