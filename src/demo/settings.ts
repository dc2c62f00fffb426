/** What the demo trains. */
import type { SwappableAttribute } from "../dataset/synth/attributes.js";

/** What the demo trains; the shipped checkpoint has the same attributes and size (assets/README.md). */
export const DEMO_ATTRIBUTES = ["Eyeglasses", "Bangs"] as const satisfies readonly SwappableAttribute[];
export const DEMO_SIZE = 64;
/** Narrower than the shipped model's 32, so that minutes of training get somewhere. */
export const DEMO_WIDTH = 16;
export const DEMO_BATCH = 8;
