/**
 * The configuration that determines UNIT's networks (Liu, Breuel and Kautz 2017, "Unsupervised Image-to-Image
 * Translation Networks"; mingyuliutw/UNIT, branch version_02, which made the paper's results). Loads no TensorFlow.js.
 */
import { z } from "zod";
import { describeMismatch, InputError } from "../../errors.js";

const PUBLISHED_WIDTH = 64;
const MAX_WIDTH = 128;

const fieldsSchema = z.object({
  method: z.literal("unit"),
  /** Side of the square images in pixels, a multiple of 64: the discriminator halves it six times. */
  size: z.union([z.literal(64), z.literal(128), z.literal(256)]),
  /** Channels of the first layers of all networks; the published code has 64. */
  width: z.number().int().min(4).max(MAX_WIDTH).multipleOf(4).default(PUBLISHED_WIDTH),
  /** The name of the attribute that images of domain A have and images of domain B lack. A model has only this one. */
  attributes: z.array(z.string().min(1)).length(1),
});
export type UnitConfig = z.infer<typeof fieldsSchema>;

/**
 * Checks the configuration in a model file.
 * @param source the file's name for the message
 * @throws InputError if it is not a valid configuration
 */
export function parseConfig(config: unknown, source: string): UnitConfig {
  const parsed = fieldsSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const received = `${path.join(".")}: ${message}`;
  throw new InputError(
    describeMismatch(`${source}: config`, "UNIT's configuration", received, "The file is damaged; fetch it again."),
  );
}
