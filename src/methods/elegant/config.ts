/** The configuration that determines the network: image size, width, and the attributes in their order. */
import { z } from "zod";
import { MAX_WIDTH, networkFields, parseFields, parseOptions } from "../parse.js";

/** Activation of the decoder's first four blocks: ReLU in the published code, LeakyReLU in the paper. */
export const DECODER_ACTIVATIONS = ["relu", "leaky-relu"] as const;
/** How a decoder block doubles its side: the published transposed convolution, or resizing before a convolution. */
export const UPSAMPLINGS = ["transposed", "resize"] as const;
/**
 * The image that is added to a picture when its latent z is edited to z': the residual R(z') as published, or the
 * difference R(z') - R(z). With the difference, the reconstruction is the picture itself.
 */
export const EDITS = ["residual", "difference"] as const;
/** The discriminators' layer between convolution and activation: the published unit length of each pixel, or none. */
export const DISCRIMINATOR_NORMS = ["unit-length", "none"] as const;
/**
 * How a discriminator receives the labels: as planes next to the picture, as published; or it has one score for each
 * value of each attribute, and only the scores of the picture's own labels count.
 */
export const CONDITIONS = ["planes", "heads"] as const;

/**
 * "published": weights N(0, 0.02), convolution biases U(+-1/sqrt(fan_in)), linear bias 0.
 * "he": weights N(0, 2 / (1 + 0.2^2) / fan_in), which keeps the size of activations through layers of LeakyReLU (He et
 * al. 2015, Delving Deep into Rectifiers, eq. 15). The discriminators' last layer has a tenth of that. The decoder's
 * last layer is 0, so that edits begin with no change. All biases are 0: the published ones are large compared with
 * images and make all latents alike.
 */
export const INITIALISATIONS = ["published", "he"] as const;
export type Initialisation = (typeof INITIALISATIONS)[number];

/** The choices that make a network. A file that is older than a choice has the published code's network. */
export const networkSchema = z.object({
  /** Number of convolutions in a discriminator: four in the published code, five in the paper. */
  discriminatorBlocks: z.union([z.literal(4), z.literal(5)]).default(4),
  /** Activation of the decoder's blocks, apart from the last. */
  decoderActivation: z.enum(DECODER_ACTIVATIONS).default("relu"),
  /** How a decoder block doubles its side. */
  upsampling: z.enum(UPSAMPLINGS).default("transposed"),
  /** Number of blocks in the encoder and in the decoder: the published five halve the side to S/32, four to S/16. */
  generatorBlocks: z.union([z.literal(4), z.literal(5)]).default(5),
  /** What an edit adds to an image: the residual of the edited latent, or its difference from that of the own latent. */
  edit: z.enum(EDITS).default("residual"),
  /** Whether the decoder multiplies its residual by a soft mask, which it computes at a quarter of the side. */
  mask: z.boolean().default(false),
  /** The discriminators' layer between convolution and activation. */
  discriminatorNorm: z.enum(DISCRIMINATOR_NORMS).default("unit-length"),
  /** How a discriminator receives the labels. */
  condition: z.enum(CONDITIONS).default("planes"),
  /**
   * Whether an edit is the mean of the edit of the image and of that of its mirror image, mirrored back. Errors that the
   * two do not share are halved (self-ensemble; Timofte et al. 2016, "Seven ways to improve example-based single image
   * super resolution"). It takes twice the time and changes nothing in training.
   */
  mirror: z.boolean().default(false),
  /**
   * Whether an edit is the mean of the edit of the image and of that of the image moved one pixel to the left, moved
   * back. The encoder's strides sample other pixels of the moved image. It takes twice the time and changes nothing in
   * training.
   */
  shift: z.boolean().default(false),
});
export type NetworkChoices = z.infer<typeof networkSchema>;

/** Attribute i owns slice i of the latent. */
const layersSchema = networkSchema.extend(networkFields);

/** Requires a channel for each slice: no edit could change an attribute whose slice is empty. */
export const modelConfigSchema = layersSchema.superRefine(({ attributes, width }, context) => {
  const channels = latentChannels(width);
  if (attributes.length <= channels) return;
  const enough = Math.ceil(attributes.length / 32) * 4;
  const remedy = enough <= MAX_WIDTH ? `name fewer, or use a width of ${enough} or more` : "name fewer";
  const expected = `at most ${channels} names, one for each channel of the latent at width ${width}`;
  const message = `expected ${expected}, received ${attributes.length}: ${remedy}`;
  context.addIssue({ code: "custom", path: ["attributes"], message });
});
/** The configuration of an ELEGANT model: all that determines its networks. createConfig() makes one. */
export type ModelConfig = z.infer<typeof modelConfigSchema>;

/** The layers of the published code. */
export const OFFICIAL_NETWORK: NetworkChoices = {
  discriminatorBlocks: 4,
  decoderActivation: "relu",
  upsampling: "transposed",
  generatorBlocks: 5,
  edit: "residual",
  mask: false,
  discriminatorNorm: "unit-length",
  condition: "planes",
  mirror: false,
  shift: false,
};

type WidthAndBlocks = Pick<ModelConfig, "width" | "generatorBlocks">;

/** Returns the channels of a stack of blocks, 64-128-256-512-512 at width 64. */
const stackChannels = (width: number, blocks: number): readonly number[] =>
  [width, 2 * width, 4 * width, 8 * width, 8 * width].slice(0, blocks);

/** Returns the channels of the encoder blocks' outputs. */
export function encoderChannels({ width, generatorBlocks }: WidthAndBlocks): readonly number[] {
  return stackChannels(width, generatorBlocks);
}

/** Returns the channels of the decoder blocks' outputs, 512-256-128-64-3 at width 64 with five blocks. */
export function decoderChannels(config: WidthAndBlocks): readonly number[] {
  return [...encoderChannels(config).slice(0, -1).reverse(), 3];
}

/** Returns the channels of the discriminators' blocks, 64-128-256-512 at width 64; a fifth block keeps 512. */
export function discriminatorChannels({ width, discriminatorBlocks }: ModelConfig): readonly number[] {
  return stackChannels(width, discriminatorBlocks);
}

/** Returns the side of the latent. Each encoder block halves the picture's side. */
export function latentSide({ size, generatorBlocks }: Pick<ModelConfig, "size" | "generatorBlocks">): number {
  return size / 2 ** generatorBlocks;
}

export function latentChannels(width: number): number {
  return 8 * width;
}

/** Counts a discriminator's scores per image; with heads, 2 i is "without attribute i" and 2 i + 1 is "with it". */
export function discriminatorScores({ condition, attributes }: ModelConfig): number {
  return condition === "heads" ? 2 * attributes.length : 1;
}

/** Rounds half to even, like NumPy's rint. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Returns the latent channels [begin, end) of attribute `index` of `count` (3 attributes at 512: 0, 171, 341, 512). */
export function attributeSlice(channels: number, count: number, index: number): readonly [begin: number, end: number] {
  return [roundHalfToEven((channels / count) * index), roundHalfToEven((channels / count) * (index + 1))];
}

/**
 * Checks the configuration in a model file.
 * @param source the file's name for the message
 * @throws InputError if it is not a valid configuration
 */
export function parseConfig(config: unknown, source: string): ModelConfig {
  return parseFields(modelConfigSchema, config, source);
}

/**
 * Makes the configuration of an ELEGANT model from all its choices. docs/training.md says what they do and which values each preset has.
 * @throws InputError that names the option that does not fit
 * @example
 * ```ts
 * import { createConfig, PRESETS } from "elegant-faces";
 *
 * const config = createConfig({
 *   ...PRESETS.modern.network,
 *   size: 64,
 *   width: 32,
 *   attributes: ["Eyeglasses", "Bangs"],
 * });
 * ```
 */
export function createConfig(
  options: Omit<ModelConfig, "size" | "attributes"> & { readonly size: number; readonly attributes: readonly string[] },
): ModelConfig {
  return parseOptions(modelConfigSchema, options);
}
