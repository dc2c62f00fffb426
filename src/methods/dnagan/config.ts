/**
 * The configuration that determines DNA-GAN's networks (Xiao, Hong and Ma 2018, "DNA-GAN: Learning Disentangled
 * Representations from Multi-Attribute Images"). Loads no TensorFlow.js.
 */
import { z } from "zod";
import { networkFields } from "../parse.js";

/** Share of the code's channels that each attribute has in the published code. */
const PUBLISHED_RATIO = 0.25;

/** The choices that make the networks. */
export const networkSchema = z.object({
  /** Share of the code's channels that each attribute has; 0 for that of pieceRatio(). */
  ratio: z.number().nonnegative().max(1).default(0),
});

/** The published size is 64, and the published width is 128. The attributes are in the order of labels and pieces. */
export const configSchema = networkSchema
  .extend({ method: z.literal("dnagan"), ...networkFields })
  .superRefine((config, context) => {
    const channels = pieceChannels(config);
    // Without a rest, nothing of the code would be left for identity and background.
    if (channels > 0 && channels * config.attributes.length < codeChannels(config)) return;
    context.addIssue({ code: "custom", path: ["ratio"], message: "some pieces or the rest would have no channels" });
  });
export type DnaganConfig = z.infer<typeof configSchema>;

/**
 * Returns the share of the code that each attribute has unless the user chooses one: the published 0.25 for up to three
 * attributes, 1 / (n + 1) for more. The second rule is our own choice. With 0.25, four attributes would leave nothing
 * for identity and background, and a fifth attribute would own no channels.
 */
export function pieceRatio(attributes: number): number {
  return attributes <= 3 ? PUBLISHED_RATIO : 1 / (attributes + 1);
}

/** Returns the number of the code's channels. The code has the side S / 8 at every size. */
export function codeChannels({ width }: Pick<DnaganConfig, "width">): number {
  return 4 * width;
}

type Pieces = Pick<DnaganConfig, "width" | "ratio" | "attributes">;

/** Returns the number of channels of each attribute's piece, rounded down. */
function pieceChannels({ width, ratio, attributes }: Pieces): number {
  return Math.floor(codeChannels({ width }) * (ratio > 0 ? ratio : pieceRatio(attributes.length)));
}

/**
 * Returns the channels [begin, end) of the code that belong to an attribute. The channels after the last piece are the
 * rest: identity and background.
 */
export function pieceOf(config: Pieces, attribute: number): readonly [begin: number, end: number] {
  const channels = pieceChannels(config);
  return [channels * attribute, channels * (attribute + 1)];
}
