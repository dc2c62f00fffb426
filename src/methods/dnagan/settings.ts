/** The choices of DNA-GAN's training, and the settings of one iteration. */
import { z } from "zod";
import type { RmspropSettings } from "../../types.js";
import type { Moment } from "../method.js";
import { runFields } from "../parse.js";

export const methodSchema = z.object({
  /** RMSProp's learning rate. It is constant. */
  learningRate: z.number().positive(),
  /** Largest absolute value of the discriminator's parameters, to which each of its updates clips all of them. */
  clip: z.number().positive(),
  /**
   * How often an update of the discriminator applies its gradient before it clips: once; or twice in a row, as the
   * published code does, which lists the discriminator's variables twice.
   */
  applications: z.union([z.literal(1), z.literal(2)]),
  /** Whether each training image is mirrored with probability 1/2. */
  flip: z.boolean(),
});
export type DnaganChoices = z.infer<typeof methodSchema>;
export const settingsSchema = methodSchema.extend(runFields);

/** The published code's choices, without its mistake. */
export const DEFAULTS: DnaganChoices = { learningRate: 5e-5, clip: 0.01, applications: 1, flip: false };
export const PUBLISHED: DnaganChoices = { ...DEFAULTS, applications: 2 };

/** The settings of one iteration. */
export interface UpdateSettings extends Pick<DnaganChoices, "learningRate" | "clip" | "applications"> {
  readonly rmsprop: RmspropSettings;
  /** Number of updates of the discriminator, all with the same batch, before that of the generator. */
  readonly discriminatorUpdates: number;
}

const RMSPROP: RmspropSettings = { decay: 0.8, epsilon: 1e-10 };
/** The first iteration and every 500th after it have many updates of the discriminator, so that it catches up. */
const CATCH_UP_EVERY = 500;
const CATCH_UP_UPDATES = 100;

export function updateSettings(
  { learningRate, clip, applications }: DnaganChoices,
  { step }: Pick<Moment, "step">,
): UpdateSettings {
  const discriminatorUpdates = step % CATCH_UP_EVERY === 0 ? CATCH_UP_UPDATES : 1;
  return { learningRate, clip, applications, rmsprop: RMSPROP, discriminatorUpdates };
}
