/**
 * The configuration that determines DNA-GAN's networks (Xiao, Hong and Ma 2018, "DNA-GAN: Learning Disentangled
 * Representations from Multi-Attribute Images"). Loads no TensorFlow.js.
 */
import { z } from "zod";
import { describeMismatch, InputError } from "../../errors.js";

const MAX_WIDTH = 128;
/** Share of the code's channels that each attribute has in the published code. */
const PUBLISHED_RATIO = 0.25;

const fieldsSchema = z.object({
  method: z.literal("dnagan"),
  /** Side of the square images in pixels; the published code has 64. */
  size: z.union([z.literal(64), z.literal(128), z.literal(256)]),
  /** Channels of the first layer of the encoder and the discriminator; the published code has 128. */
  width: z.number().int().min(4).max(MAX_WIDTH).multipleOf(4).default(MAX_WIDTH),
  /** Names of the attributes, in the order of the labels and of the pieces. */
  attributes: z.array(z.string().min(1)).min(1),
  /** Share of the code's channels that each attribute has; see pieceRatio() for the default. */
  ratio: z.number().positive().max(1).optional(),
});

const configSchema = fieldsSchema
  .transform((fields) => ({ ...fields, ratio: fields.ratio ?? pieceRatio(fields.attributes.length) }))
  .superRefine((config, context) => {
    const channels = pieceChannels(config);
    // Without a rest, nothing of the code would be left for identity and background.
    if (channels > 0 && channels * config.attributes.length < codeChannels(config)) return;
    context.addIssue({ code: "custom", path: ["ratio"], message: "some pieces or the rest would have no channels" });
  });
export type DnaganConfig = z.infer<typeof configSchema>;

/**
 * Returns the share of the code that each attribute has: the published 0.25 for up to three attributes, 1 / (n + 1)
 * for more. The second rule is our own choice. With 0.25, four attributes would leave nothing for identity and
 * background, and a fifth attribute would own no channels.
 */
export function pieceRatio(attributes: number): number {
  return attributes <= 3 ? PUBLISHED_RATIO : 1 / (attributes + 1);
}

/** Returns the number of the code's channels. The code has the side S / 8 at every size. */
export function codeChannels({ width }: Pick<DnaganConfig, "width">): number {
  return 4 * width;
}

/** Returns the number of channels of each attribute's piece, rounded down. */
function pieceChannels({ width, ratio }: Pick<DnaganConfig, "width" | "ratio">): number {
  return Math.floor(codeChannels({ width }) * ratio);
}

/**
 * Returns the channels [begin, end) of the code that belong to an attribute. The channels after the last piece are the
 * rest: identity and background.
 */
export function pieceOf(config: DnaganConfig, attribute: number): readonly [begin: number, end: number] {
  const channels = pieceChannels(config);
  return [channels * attribute, channels * (attribute + 1)];
}

/**
 * Checks the configuration in a model file.
 * @param source the file's name for the message
 * @throws InputError if it is not a valid configuration
 */
export function parseConfig(config: unknown, source: string): DnaganConfig {
  const parsed = configSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const received = `${path.join(".")}: ${message}`;
  throw new InputError(
    describeMismatch(`${source}: config`, "DNA-GAN's configuration", received, "The file is damaged; fetch it again."),
  );
}
