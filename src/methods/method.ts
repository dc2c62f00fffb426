/**
 * What the rest of the program knows about a method: names, shapes and functions, but no network. Each method is a folder next
 * to this file, and registry.ts lists them. This file holds types only.
 */
import type * as tf from "@tensorflow/tfjs-core";
import type { OnnxGraph } from "../interop/onnx.js";
import type { NamedTensors } from "../interop/safetensors.js";
import type { OptimizerState } from "../nn/optimizer.js";
import type { ParameterSpec, Parameters } from "../nn/parameters.js";
import type { ReadPublished } from "./published.js";

/** What a user chooses for a new model. The choices of the method's networks follow (recipe.ts). */
export interface ModelOptions {
  readonly size: number;
  readonly width: number;
  readonly attributes: readonly string[];
  readonly [choice: string]: unknown;
}

/** A method: ELEGANT, for example. */
export interface Method {
  /** The name that configurations carry. A file without a name is ELEGANT's. */
  readonly name: string;
  /** Makes a model for a new run. @throws InputError that names the option that does not fit */
  create(options: ModelOptions): Model;
  /**
   * Checks a configuration, as a model file or a checkpoint holds it.
   * @param config any JSON value
   * @param source names the file in messages
   * @throws InputError when it is not a configuration of this method
   */
  parse(config: unknown, source: string): Model;
  /** Makes a configuration and tensors from files of the published code; null if those are not of PyTorch. */
  readonly readPublished: ReadPublished | null;
}

/** The part of a configuration that every method has. A method's own choices follow it. */
export interface MethodConfig {
  /** The side of the square images in pixels. */
  readonly size: number;
  /** The attributes that the model edits, in its order. */
  readonly attributes: readonly string[];
}

/** A method with its configuration: the networks that there are, and what can be done with them. */
export interface Model {
  /** The method's name. */
  readonly method: string;
  /** As files hold it. */
  readonly config: MethodConfig;
  /** Its size in a few words: "64 px, width 32". */
  readonly description: string;
  /**
   * The groups of parameters that are updated together, in the order of the checkpoint. The first one edits images: its
   * moving average may be kept, and it is what a generator file holds.
   */
  readonly groups: readonly string[];
  /** A group's parameters in PyTorch's order. */
  specs(group: string): readonly ParameterSpec[];
  /** State of a training that no optimizer updates, such as moving statistics; often empty. */
  readonly extras: readonly ParameterSpec[];
  /** Those of the extras that edits read, so that generator files contain them; often empty. */
  readonly editExtras: readonly ParameterSpec[];
  /**
   * A group's values before the first update, in PyTorch's layout.
   * @param settings the run's; null for a group that an imported model lacks
   */
  initial(group: string, seed: number, settings: RunSettings | null): NamedTensors;
  /**
   * Refuses to begin with the editing group of another model if its layers differ. The sizes may differ.
   * @param source names the other model in the message
   * @throws InputError naming the first difference
   */
  expectSameLayers(other: Model, source: string): void;
  /**
   * What a run with these settings does.
   * @param source names the checkpoint or the command in messages
   * @throws InputError when they are not this method's settings
   */
  training(settings: RunSettings, source: string): Training;
  /** The columns of a run's sample sheets. */
  readonly sheet: SampleSheet;
  /** Files for other tools. */
  readonly files: ForeignFiles;
  /** Adding and removing one attribute. */
  readonly edits: SideEdits;
  /** Editing by parts of a reference's latent; null for a method without them. */
  readonly exemplar: ExemplarEdits | null;
  /** What may go wrong in a training, by the name of the condition. */
  readonly conditions: Readonly<Record<string, Condition>>;
  /** The values of the loss log that reports draw as curves. */
  readonly curves: readonly Curve[];
}

/** Pairs of one attribute that follow one another in a batch. */
export interface PairGroup {
  /** The attribute's position in the model. */
  readonly attribute: number;
  readonly pairs: number;
}

/** A batch of pairs, group by group: A has the group's attribute, B does not. */
export interface PairBatch {
  readonly groups: readonly PairGroup[];
  /** [N, S, S, 3] in [-1, 1] */
  readonly A: tf.Tensor4D;
  readonly B: tf.Tensor4D;
  /** [N, attributes] of 0 and 1 */
  readonly yA: tf.Tensor2D;
  readonly yB: tf.Tensor2D;
}

/** Everything that a training changes. */
export interface TrainingState {
  readonly model: Model;
  /** Each group's parameters with its optimizer, in the model's order. */
  readonly optimizers: ReadonlyMap<string, OptimizerState>;
  /** Exponential moving average of the first group; null if none is kept. */
  readonly average: Parameters | null;
  /** By their names in Model.extras. */
  readonly extras: Parameters;
}

/** The settings of a run. The method's own choices follow those that every method has. */
export interface RunSettings {
  /** Pairs per update: this many images with the attribute and as many without. */
  readonly batch: number;
  readonly seed: number;
  /** Identifies the files and labels of the training images in their order. */
  readonly dataset: string;
  readonly [choice: string]: unknown;
}

/** Where in a run an update is. */
export interface Moment {
  /** Steps done before it. */
  readonly step: number;
  /** The share of the run that is done, in [0, 1]. */
  readonly progress: number;
}

/** Values of one update by name, for logs. */
export type Losses = Readonly<Record<string, number>>;

/** A model's training with its settings. */
export interface Training {
  /** The settings, with the defaults of choices that an earlier version did not have. */
  readonly settings: RunSettings;
  /** Whether the moving average of the first group is kept. */
  readonly averages: boolean;
  /** Whether each training image is mirrored with probability 1/2. */
  readonly flip: boolean;
  /** Whether one update has pairs of all attributes. Otherwise each update is about one attribute. */
  readonly joint: boolean;
  learningRate(at: Moment): number;
  /**
   * One update of all groups, in place.
   * @param part the most pairs to compute at the same time; the result is the same up to rounding
   * @throws when the device fails, for example because its memory is full
   */
  update(state: TrainingState, batch: PairBatch, at: Moment, part: number): Promise<Losses>;
  /** The losses in a few words, for the progress line. */
  describe(losses: Losses): string;
  /** How much memory an update takes. */
  readonly memory: MemoryNeeds;
}

export interface MemoryNeeds {
  /** Whether a batch can be computed in parts. Batch normalization does not allow it. */
  readonly isDivisible: boolean;
  /**
   * Estimated bytes of all tensors at the fullest moment of an update.
   * @param part  pairs computed at the same time
   * @param whole whether that is the whole batch
   */
  updateBytes(part: number, whole: boolean): number;
  /** Bytes of the largest tensor. */
  largestTensorBytes(part: number): number;
}

export interface SampleSheet {
  /** The labels of the columns; the first two are the images A and B. */
  readonly columns: readonly string[];
  /** What the columns are, for a report. */
  readonly caption: string;
  /**
   * The images of all columns, column after column: [columns * pairs, S, S, 3].
   * @param both A with the attribute, then B without it, [2 pairs, S, S, 3]
   * @param labels of both, [2 pairs, attributes] of 0 and 1
   */
  draw(parameters: Parameters, both: tf.Tensor4D, attribute: number, labels: tf.Tensor2D): tf.Tensor4D;
}

/** What an edit needs apart from the image: a reference with the wanted value, or the image's labels. */
export type EditNeeds = "reference" | "labels" | "nothing";

/** Images that are to be moved to one side of an attribute. */
export interface EditRequest {
  /** [N, S, S, 3] in [-1, 1] */
  readonly images: tf.Tensor4D;
  /** The attribute's position in the model. */
  readonly attribute: number;
  /** 1 to add the attribute, 0 to remove it. */
  readonly value: 0 | 1;
  /** An image with that value for each image, [N, S, S, 3] in [-1, 1]; null if the edit needs none. */
  readonly references: tf.Tensor4D | null;
  /** All labels of the images, [N, attributes] of 0 and 1; null if the edit needs none. */
  readonly labels: tf.Tensor2D | null;
}

/** Edits in one direction, which every method has in its own way. */
export interface SideEdits {
  needs(value: 0 | 1): EditNeeds;
  /**
   * Adds or removes an attribute. What it makes of an image that has the wanted value already, as its own reference,
   * shows how well the method keeps an image.
   * @returns [N, S, S, 3] in [-1, 1]
   */
  apply(parameters: Parameters, request: EditRequest): tf.Tensor4D;
}

/** A model's files for other tools. A format that the method does not have is null. */
export interface ForeignFiles {
  /**
   * The state dicts of the published code, by the names of their files.
   * @throws InputError for a configuration that the published code does not have
   */
  readonly published:
    | ((tensors: NamedTensors, step: number) => readonly { readonly name: string; readonly tensors: NamedTensors }[])
    | null;
  /** ONNX graphs, and their metadata. @param source the model's file, for the metadata */
  readonly onnx:
    | ((
        tensors: NamedTensors,
        source: string,
      ) => readonly {
        readonly file: string;
        readonly graph: OnnxGraph;
        readonly metadata: Readonly<Record<string, string>>;
      }[])
    | null;
}

/** What an encoder makes of images. */
export interface Encoded {
  /** [N, h, w, C] */
  readonly latent: tf.Tensor4D;
  /** Activations that the decoder adds to its own; may be empty. */
  readonly skips: readonly tf.Tensor4D[];
}

/** Images and what the encoder makes of them. */
export interface Faces extends Encoded {
  /** [N, S, S, 3] in [-1, 1] */
  readonly images: tf.Tensor4D;
}

/** Editing by exemplar: part of a reference's latent takes the place of the input's. */
export interface ExemplarEdits {
  /** @param images [N, S, S, 3] in [-1, 1] */
  encode(parameters: Parameters, images: tf.Tensor4D): Encoded;
  /** The latents with the part of one attribute from the reference's; both [N, h, w, C]. */
  exchange(latent: tf.Tensor4D, reference: tf.Tensor4D, attribute: number): tf.Tensor4D;
  /** What apply() needs of unedited faces, so that it can be computed once for several latents; null if nothing. */
  prepare(parameters: Parameters, faces: Faces): tf.Tensor4D | null;
  /**
   * Images of faces whose latents were edited.
   * @param faces    one for all latents, or one for each
   * @param latents  [K, h, w, C]
   * @param prepared the result of prepare() for these faces, if the caller has it
   * @returns [K, S, S, 3] in [-1, 1]
   */
  apply(parameters: Parameters, faces: Faces, latents: tf.Tensor4D, prepared?: tf.Tensor4D | null): tf.Tensor4D;
  /**
   * Where the network changes the images, [K, S, S, 1] in [0, 1]; null for a network without a mask. The arguments are
   * those of apply().
   */
  mask(parameters: Parameters, faces: Faces, latents: tf.Tensor4D): tf.Tensor4D | null;
  /** Whether an unedited latent gives the image itself. */
  readonly isExact: boolean;
}

/** The mean values of recent updates by name. */
export type Means = Readonly<Record<string, number>>;

/** A condition that the watchdog looks for in the means of an attribute's last rows. */
export interface Condition {
  readonly begins: (means: Means) => boolean;
  readonly lasts: (means: Means) => boolean;
  /** What is seen, what it means, and what to try. @param window the number of rows */
  readonly message: (means: Means, window: number) => string;
}

export interface Curve {
  /** The value's name in the loss log. */
  readonly key: string;
  readonly name: string;
  /** The chart's title. */
  readonly group: string;
  /** A line for each attribute instead of their mean. */
  readonly byAttribute?: boolean;
  /** What the value is multiplied with to be in this unit. */
  readonly unit?: { readonly name: string; readonly factor: number };
}
