/** What fixes the network: picture size, width, and the attributes in their order. */
import { z } from "zod";
import { describeMismatch, InputError } from "../../errors.js";

export const SIZES = [64, 128, 256] as const;
/** The published code has four convolutions in a discriminator, the paper says five. */
export const DISCRIMINATOR_BLOCKS = [4, 5] as const;
/** Of the decoder's first four blocks: as the published code has it, and as the paper says. */
export const DECODER_ACTIVATIONS = ["relu", "leaky-relu"] as const;
/** How a decoder block doubles its side: by the published transposed convolution, or by resizing before it convolves. */
export const UPSAMPLINGS = ["transposed", "resize"] as const;

/** Blocks of the encoder and of the decoder: the published five halve the side to S/32, four to S/16. */
export const GENERATOR_BLOCKS = [4, 5] as const;
/**
 * What is added to a picture whose latent z was edited to z': the residual R(z') as published, or the difference
 * R(z') - R(z), with which the reconstruction is the picture itself.
 */
export const EDITS = ["residual", "difference"] as const;
/** The discriminators' layers between convolution and activation: the published unit length of each pixel, or nothing. */
export const DISCRIMINATOR_NORMS = ["unit-length", "none"] as const;
/**
 * How a discriminator knows the labels: as planes next to the picture, as published, or by one score for each value of each
 * attribute, of which the pictures' own are used.
 */
export const CONDITIONS = ["planes", "heads"] as const;

/**
 * "published": weights N(0, 0.02), convolution biases U(+-1/sqrt(fan_in)), linear bias 0.
 * "he": weights N(0, 2 / (1 + 0.2^2) / fan_in), which keeps the size of activations through layers of LeakyReLU (He et al. 2015,
 * Delving Deep into Rectifiers, eq. 15), the discriminators' last layer a tenth of that, the decoder's last layer 0, so that
 * edits begin with no change, and all biases 0: the published ones are large next to pictures and make all latents alike.
 */
export const INITIALISATIONS = ["published", "he"] as const;
export type Initialisation = (typeof INITIALISATIONS)[number];

const MAX_WIDTH = 128;

/** The choices that make a network. Files from before they were choices are of the published code's network. */
export const networkSchema = z.object({
  discriminatorBlocks: z.union([z.literal(4), z.literal(5)]).default(4),
  decoderActivation: z.enum(DECODER_ACTIVATIONS).default("relu"),
  upsampling: z.enum(UPSAMPLINGS).default("transposed"),
  generatorBlocks: z.union([z.literal(4), z.literal(5)]).default(5),
  edit: z.enum(EDITS).default("residual"),
  /** Whether the decoder multiplies its residual by a soft mask, which it makes at a quarter of the side. */
  mask: z.boolean().default(false),
  discriminatorNorm: z.enum(DISCRIMINATOR_NORMS).default("unit-length"),
  condition: z.enum(CONDITIONS).default("planes"),
});
export type NetworkChoices = z.infer<typeof networkSchema>;

const layersSchema = networkSchema.extend({
  /** Side of the square pictures in pixels. */
  size: z.union([z.literal(64), z.literal(128), z.literal(256)]),
  /** Channels of the first block; 64 is the paper's. */
  width: z.number().int().min(4).max(MAX_WIDTH).multipleOf(4),
  /** Attribute i owns slice i of the latent. */
  attributes: z.array(z.string().min(1)).min(1),
});

/** A slice without channels would be an attribute that no edit can change. */
export const modelConfigSchema = layersSchema.superRefine(({ attributes, width }, context) => {
  const channels = latentChannels(width);
  if (attributes.length <= channels) return;
  const enough = Math.ceil(attributes.length / 32) * 4;
  const remedy = enough <= MAX_WIDTH ? `name fewer, or use a width of ${enough} or more` : "name fewer";
  const expected = `at most ${channels} names, one for each channel of the latent at width ${width}`;
  const message = `expected ${expected}, received ${attributes.length}: ${remedy}`;
  context.addIssue({ code: "custom", path: ["attributes"], message });
});
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
};

type WidthAndBlocks = Pick<ModelConfig, "width" | "generatorBlocks">;

/** Channels of a stack of blocks, 64-128-256-512-512 at width 64. */
const stackChannels = (width: number, blocks: number): readonly number[] =>
  [width, 2 * width, 4 * width, 8 * width, 8 * width].slice(0, blocks);

/** Channels of the encoder blocks' outputs. */
export function encoderChannels({ width, generatorBlocks }: WidthAndBlocks): readonly number[] {
  return stackChannels(width, generatorBlocks);
}

/** Channels of the decoder blocks' outputs, 512-256-128-64-3 at width 64 with five blocks. */
export function decoderChannels(config: WidthAndBlocks): readonly number[] {
  return [...encoderChannels(config).slice(0, -1).reverse(), 3];
}

/** Channels of the discriminators' blocks, 64-128-256-512 at width 64; a fifth one keeps 512. */
export function discriminatorChannels({ width, discriminatorBlocks }: ModelConfig): readonly number[] {
  return stackChannels(width, discriminatorBlocks);
}

/** The side of the latent: each encoder block halves the picture's. */
export function latentSide({ size, generatorBlocks }: Pick<ModelConfig, "size" | "generatorBlocks">): number {
  return size / 2 ** generatorBlocks;
}

export function latentChannels(width: number): number {
  return 8 * width;
}

/** Numbers that a discriminator gives for a picture; with heads, 2 i for "without attribute i" and 2 i + 1 for "with it". */
export function discriminatorScores({ condition, attributes }: ModelConfig): number {
  return condition === "heads" ? 2 * attributes.length : 1;
}

/** Rounds half to even, as NumPy's rint does. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The latent channels [begin, end) that attribute `index` of `count` owns (n = 3 at 512 gives 0, 171, 341, 512). */
export function attributeSlice(channels: number, count: number, index: number): readonly [begin: number, end: number] {
  return [roundHalfToEven((channels / count) * index), roundHalfToEven((channels / count) * (index + 1))];
}

/**
 * Checks the configuration that a model file carries.
 * @param source names the file in the message
 * @throws InputError when it is not one
 */
export function parseConfig(config: unknown, source: string): ModelConfig {
  const parsed = modelConfigSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const remedy = "The file is damaged; fetch it again.";
  throw new InputError(
    describeMismatch(`${source}: config`, "size, width and attributes", `${path.join(".")}: ${message}`, remedy),
  );
}

/** A configuration from a user's options. @throws InputError naming the option that does not fit */
export function createConfig(
  options: Omit<ModelConfig, "size" | "attributes"> & { readonly size: number; readonly attributes: readonly string[] },
): ModelConfig {
  const { attributes } = options;
  const twice = attributes.find((name, i) => attributes.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError(describeMismatch("--attributes", "each name once", `'${twice}' twice`, "Remove one."));
  }
  const parsed = modelConfigSchema.safeParse({ ...options, attributes: [...attributes] });
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new InputError(`--${String(path[0])}: ${message}. See elegant train --help.`);
}
