/** What fixes the network: picture size, width, and the attributes in their order. */
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import { suggest } from "../suggest.js";

export const SIZES = [64, 128, 256] as const;
/** The published code has four convolutions in a discriminator, the paper says five. */
export const DISCRIMINATOR_BLOCKS = [4, 5] as const;
/** Of the decoder's first four blocks: as the published code has it, and as the paper says. */
export const DECODER_ACTIVATIONS = ["relu", "leaky-relu"] as const;
/** How a decoder block doubles its side: by the published transposed convolution, or by resizing before it convolves. */
export const UPSAMPLINGS = ["transposed", "resize"] as const;

const MAX_WIDTH = 128;

const layersSchema = z.object({
  /** Side of the square pictures in pixels. */
  size: z.union([z.literal(64), z.literal(128), z.literal(256)]),
  /** Channels of the first block; 64 is the paper's. */
  width: z.number().int().min(4).max(MAX_WIDTH).multipleOf(4),
  /** Attribute i owns slice i of the latent. */
  attributes: z.array(z.string().min(1)).min(1),
  // Files from before these were choices are of the published code's network.
  discriminatorBlocks: z.union([z.literal(4), z.literal(5)]).default(4),
  decoderActivation: z.enum(DECODER_ACTIVATIONS).default("relu"),
  upsampling: z.enum(UPSAMPLINGS).default("transposed"),
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
export const OFFICIAL_NETWORK = {
  discriminatorBlocks: 4,
  decoderActivation: "relu",
  upsampling: "transposed",
} as const satisfies Partial<ModelConfig>;

/** Channels of the five encoder blocks, 64-128-256-512-512 at width 64. */
export function encoderChannels(width: number): readonly number[] {
  return [width, 2 * width, 4 * width, 8 * width, 8 * width];
}

/** Channels of the five decoder blocks' outputs, 512-256-128-64-3 at width 64. */
export function decoderChannels(width: number): readonly number[] {
  return [8 * width, 4 * width, 2 * width, width, 3];
}

/** Channels of the discriminator's blocks, 64-128-256-512 at width 64; a fifth one keeps 512, as in the encoder. */
export function discriminatorChannels({ width, discriminatorBlocks }: ModelConfig): readonly number[] {
  return encoderChannels(width).slice(0, discriminatorBlocks);
}

/** The side of the latent for pictures of side `size`: five blocks of stride two. */
export function latentSide(size: number): number {
  return size / 32;
}

export function latentChannels(width: number): number {
  return 8 * width;
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

/** The position of an attribute in the model. @throws InputError when the model does not have it */
export function attributeIndex(config: ModelConfig, name: string): number {
  const index = config.attributes.indexOf(name);
  if (index >= 0) return index;
  const meant = suggest(name, config.attributes);
  const remedy = meant === null ? "This model was trained on those only." : `Did you mean ${meant}?`;
  throw new InputError(describeMismatch("attribute", `one of ${config.attributes.join(", ")}`, `'${name}'`, remedy));
}

/**
 * Fails when a model is not the one that was asked for; what is left out may be anything.
 * @param source names the model in the message
 * @throws InputError with the first difference
 */
export function expectConfig(config: ModelConfig, expected: Partial<ModelConfig>, source: string): void {
  const differences = [
    ["size", config.size, expected.size],
    ["width", config.width, expected.width],
    ["attributes", config.attributes.join(", "), expected.attributes?.join(", ")],
  ] as const;
  for (const [name, received, wanted] of differences) {
    if (wanted === undefined || wanted === received) continue;
    const remedy = `Leave --${name} away or give that of the model; another one needs a model of its own.`;
    throw new InputError(describeMismatch(`${source}: ${name}`, `${wanted}`, `${received}`, remedy));
  }
}

/**
 * Reads the configuration that a model file carries as JSON.
 * @param source names the file in the message
 * @throws InputError when it is missing or none
 */
export function parseConfig(text: string | undefined, source: string): ModelConfig {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    value = undefined;
  }
  const parsed = modelConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const received = text === undefined ? "none" : `${path.join(".")}: ${message}`;
  throw new InputError(
    describeMismatch(
      `${source}: config`,
      "size, width and attributes",
      received,
      "The file is damaged; fetch it again.",
    ),
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
