/**
 * Editing for users of the package, in Node.js and in browsers: the functions of ./editing with our own types. TensorFlow.js's typings do not
 * compile in a strict project for Node, so no public type may refer to them. Tensors pass through unchanged, and any
 * `tf.Tensor4D` is an `ImageTensor`.
 */
import type { Tensor4D } from "@tensorflow/tfjs-core";
import * as faces from "./editing/faces.js";
import * as interpolation from "./editing/linear.js";
import * as grids from "./editing/matrix.js";
import * as swapping from "./editing/swap.js";
import type * as generators from "./models/generator.js";
import type { RgbaImage } from "./types.js";

/** A four-dimensional tensor of TensorFlow.js on the current device. The caller disposes the ones it receives. */
export interface ImageTensor {
  /** [N, height, width, channels] */
  readonly shape: [number, number, number, number];
  /** Copies the values from the device: float32, in row-major order. */
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
  /** Frees the device's memory. */
  dispose(): void;
}

/** A trained generator on the current device. */
export interface Generator {
  /** What the model edits. */
  readonly config: {
    /** Side of its images in pixels. */
    readonly size: number;
    /** Names of the attributes that it can exchange. */
    readonly attributes: readonly string[];
  };
  /** Path of the file that was read. */
  readonly source: string;
  /** Notices for the user, such as a damaged checkpoint that was skipped. */
  readonly warnings: readonly string[];
  /** Frees the device's memory. Call it before you close the device. */
  dispose(): void;
}

/** A batch of N encoded faces. S is the side in pixels, W the width of the model. */
export interface Faces {
  /** [N, S, S, 3] in [-1, 1] */
  readonly images: ImageTensor;
  /** [N, S/32, S/32, 8 W]; for models of `--preset modern`, [N, S/16, S/16, 8 W] */
  readonly latent: ImageTensor;
  /** Outputs of the blocks before the latent: [N, S/2, S/2, W], [N, S/4, S/4, 2 W] and so on. */
  readonly skips: readonly ImageTensor[];
}

/** An attribute to transfer, and the face that it comes from. */
export interface Edit {
  /** Name of the attribute in the model. */
  readonly attribute: string;
  /** One face for all inputs, or one per input. */
  readonly reference: Faces;
}

/** Number of rows and columns of a matrix of images. */
export interface Grid {
  /** Images from top to bottom, 1 or more. */
  readonly rows: number;
  /** Images from left to right, 1 or more. */
  readonly columns: number;
}

// Public types hide members of the internal types. All values were made by this module, so they have these members.
const asTensor = (images: ImageTensor): Tensor4D => images as Tensor4D;
const asFaces = (batch: Faces): faces.Faces => batch as faces.Faces;
const asGenerator = (generator: Generator): generators.Generator => generator as generators.Generator;
const asEdit = ({ attribute, reference }: Edit): swapping.Edit => ({ attribute, reference: asFaces(reference) });

/**
 * Uploads images to the current device. Images of another size are resized, and alpha is ignored.
 * @param pictures N square images
 * @param size     side of the result in pixels, usually `generator.config.size`
 * @returns [N, size, size, 3] in [-1, 1], to be disposed
 */
export function toTensor(pictures: readonly RgbaImage[], size: number): Promise<ImageTensor> {
  return faces.toTensor(pictures, size);
}

/**
 * Downloads images from the current device as 8-bit images, rounded and clipped.
 * @param images [N, S, S, 3] in [-1, 1]; it is not disposed
 * @returns N opaque images of S x S pixels
 */
export function toPictures(images: ImageTensor): Promise<RgbaImage[]> {
  return faces.toPictures(asTensor(images));
}

/**
 * Encodes aligned faces. The result owns `images`.
 * @param images [N, S, S, 3] in [-1, 1], where S is `generator.config.size`
 */
export function encodeFaces(generator: Generator, images: ImageTensor): Faces {
  return faces.encodeFaces(asGenerator(generator), asTensor(images));
}

/** Disposes a batch and its images. */
export function disposeFaces(batch: Faces): void {
  faces.disposeFaces(asFaces(batch));
}

/**
 * Decodes faces with latents other than their own.
 * @param batch   one face for all latents, or one per latent
 * @param latents [K, h, w, 8 W], with the same h and w as the latents of faces
 * @returns [K, S, S, 3] in [-1, 1]
 */
export function render(generator: Generator, batch: Faces, latents: ImageTensor): ImageTensor {
  return faces.render(asGenerator(generator), asFaces(batch), asTensor(latents));
}

/**
 * Gives each input face all requested attributes of the references.
 * @param inputs N faces
 * @param edits  the attributes, each once, and their references
 * @returns [N, S, S, 3] in [-1, 1], to be disposed
 * @throws InputError if the model does not have one of the attributes
 * @example
 * ```ts
 * import { encodeFaces, openDevice, openGenerator, readPicture, swapMany, toPictures, toTensor } from "elegant-faces";
 *
 * const device = await openDevice("auto", 2);
 * const model = await openGenerator("painted");
 * const load = async (path: string) =>
 *   encodeFaces(model, await toTensor([await readPicture(path)], model.config.size));
 * const edits = [
 *   { attribute: "Eyeglasses", reference: await load("glasses.png") },
 *   { attribute: "Bangs", reference: await load("bangs.png") },
 * ];
 * const [picture] = await toPictures(swapMany(model, await load("face.png"), edits));
 * await device.close();
 * ```
 */
export function swapMany(generator: Generator, inputs: Faces, edits: readonly Edit[]): ImageTensor {
  return swapping.swapMany(asGenerator(generator), asFaces(inputs), edits.map(asEdit));
}

/**
 * Exchanges one attribute in both directions: D shows the inputs with the references' attribute, C the references with
 * the inputs' attribute.
 * @param references one for all inputs, or one per input
 * @returns C and D, each [N, S, S, 3] in [-1, 1]
 * @throws InputError if the model does not have the attribute
 */
export function swap(
  generator: Generator,
  inputs: Faces,
  references: Faces,
  attribute: string,
): {
  /** The references with the inputs' attribute. */
  readonly C: ImageTensor;
  /** The inputs with the references' attribute. */
  readonly D: ImageTensor;
} {
  return swapping.swap(asGenerator(generator), asFaces(inputs), asFaces(references), attribute);
}

/**
 * Goes from the input to the swap in equal steps. The last image is the swap.
 * @param input     one face
 * @param reference one face
 * @returns [steps, S, S, 3] in [-1, 1]
 * @throws InputError if the model does not have the attribute
 */
export function linear(
  generator: Generator,
  input: Faces,
  reference: Faces,
  attribute: string,
  steps: number,
): ImageTensor {
  return interpolation.linear(asGenerator(generator), asFaces(input), asFaces(reference), attribute, steps);
}

/**
 * Blends one attribute of three references. The input is at the top left. The input with the attribute of reference 1
 * is at the top right, of reference 2 at the bottom left, and of reference 3 at the bottom right.
 * @returns [rows * columns, S, S, 3] in [-1, 1], row by row
 * @throws InputError if the model does not have the attribute
 */
export function matrixOfReferences(
  generator: Generator,
  input: Faces,
  references: readonly [Faces, Faces, Faces],
  attribute: string,
  grid: Grid,
): ImageTensor {
  const [first, second, third] = references;
  const three = [asFaces(first), asFaces(second), asFaces(third)] as const;
  return grids.matrixOfReferences(asGenerator(generator), asFaces(input), three, attribute, grid);
}

/**
 * Blends two attributes, each from its own reference. The first grows from left to right, the second from top to
 * bottom.
 * @returns [rows * columns, S, S, 3] in [-1, 1], row by row
 * @throws InputError if the model does not have one of the attributes
 */
export function matrixOfAttributes(
  generator: Generator,
  input: Faces,
  edits: readonly [Edit, Edit],
  grid: Grid,
): ImageTensor {
  const both = [asEdit(edits[0]), asEdit(edits[1])] as const;
  return grids.matrixOfAttributes(asGenerator(generator), asFaces(input), both, grid);
}
