/** The demo's training settings: data, network and method in one place. */

import type { ModelConfig } from "../methods/elegant/config.js";
import { PRESETS, type Preset } from "../methods/elegant/presets.js";
import type { SwappableAttribute } from "../synth/attributes.js";

/** The attributes that the demo trains, and whose swaps give its headline figures. The shipped model has them, too. */
export const DEMO_ATTRIBUTES = ["Eyeglasses", "Bangs"] as const satisfies readonly SwappableAttribute[];
export const DEMO_SIZE = 64;
/** Narrower than the shipped model's 32, so that minutes of training achieve something. */
export const DEMO_WIDTH = 16;
export const DEMO_BATCH = 8;
const DEMO_PRESET: Preset = "modern";

export const DEMO_NETWORK: ModelConfig = {
  ...PRESETS[DEMO_PRESET].network,
  size: DEMO_SIZE,
  width: DEMO_WIDTH,
  attributes: [...DEMO_ATTRIBUTES],
};

/** All of the run's settings except its seed. A narrow network that trains for minutes learns most at a higher rate. */
export const DEMO_METHOD = { ...PRESETS[DEMO_PRESET].method, batch: DEMO_BATCH, learningRate: 8e-4 };
