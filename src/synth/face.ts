/**
 * The description of a synthetic face: pure data, drawn from a seed (sample.ts) and painted by paint.ts.
 *
 * Lengths are in face units. The origin is midway between the eyes, y points down, and the mean eye distance is 70, so
 * one unit is one pixel of the published 256x256 crop (x from -128 to 128, y from -106 to 150). Left and right are as
 * seen by the viewer.
 */
import type { Rgb } from "./colour.js";

/** Identity and setting: everything that does not belong to an attribute of AttributeStyles. */
export interface Person {
  readonly skin: Rgb;
  /** From 0 (young) to 1 (deep folds and bags under the eyes). */
  readonly age: number;
  /** Half-width at the cheeks (66 to 75), y of the skull's top (negative), y of the chin, y of the hairline. */
  readonly head: { readonly width: number; readonly top: number; readonly chin: number; readonly hairline: number };
  /** Half the eye distance, half-width and height of the opening between the lids, rise of the outer corners. */
  readonly eyes: {
    readonly spacing: number;
    readonly width: number;
    readonly height: number;
    readonly tilt: number;
    readonly iris: Rgb;
  };
  /** Height above the eyes, arch, and thickness without the thickness that the Male style adds. */
  readonly brows: { readonly height: number; readonly arch: number; readonly thickness: number };
  /** y of the tip, half-width at the nostrils. */
  readonly nose: { readonly length: number; readonly width: number };
  /** y, half-width of the relaxed mouth, thickness of the lips (0.8 to 1.3). */
  readonly mouth: { readonly y: number; readonly width: number; readonly fullness: number };
  /** From 0 to 1. */
  readonly blush: number;
  readonly freckles: boolean;
  readonly background: Background;
  readonly clothing: Clothing;
  readonly light: Light;
}

export const BACKGROUND_PATTERNS = ["plain", "bokeh", "stripes", "shelves", "landscape", "window"] as const;
export interface Background {
  readonly pattern: (typeof BACKGROUND_PATTERNS)[number];
  readonly colours: readonly [Rgb, Rgb, Rgb];
  /** Seed of the positions of the pattern's parts. */
  readonly seed: number;
}

export const COLLARS = ["crew", "v-neck", "shirt", "turtleneck"] as const;
export interface Clothing {
  readonly collar: (typeof COLLARS)[number];
  readonly colour: Rgb;
  /** Half-width of the shoulders. */
  readonly shoulders: number;
}

export interface Light {
  /** Direction of the light, from -1 (left) to 1 (right). */
  readonly side: number;
  /** Depth of the shading, 0 to 1. */
  readonly strength: number;
  /** From -1 (bluish) to 1 (yellowish). */
  readonly warmth: number;
  /** From -1 (underexposed) to 1 (overexposed); both are slight. */
  readonly exposure: number;
}

export const BANGS_KINDS = ["full", "left", "right", "parted"] as const;
export interface BangsStyle {
  /** A straight fringe, swept to one side, or a curtain with an open middle. */
  readonly kind: (typeof BANGS_KINDS)[number];
  /** From 0 (ends well above the brows) to 1 (reaches them). */
  readonly length: number;
  /** Number of locks, and how unevenly they end (0 to 1). */
  readonly locks: number;
  readonly unevenness: number;
  readonly seed: number;
}

export const EYEGLASSES_KINDS = ["round", "square", "thick", "dark"] as const;
export interface EyeglassesStyle {
  readonly kind: (typeof EYEGLASSES_KINDS)[number];
  readonly frame: Rgb;
  /** Rim width in face units, at least 8, which is two pixels of a 64x64 crop. */
  readonly rim: number;
  readonly lens: Rgb;
  /** From 0 (clear) to 1 (opaque). */
  readonly lensOpacity: number;
  /** Relative lens size, 0.92 to 1.08. */
  readonly size: number;
}

export const SMILE_KINDS = ["closed", "teeth", "wide"] as const;
export interface SmileStyle {
  readonly kind: (typeof SMILE_KINDS)[number];
  /** From 0.85 to 1.15. */
  readonly strength: number;
}

export const MUSTACHE_KINDS = ["pencil", "bushy", "handlebar"] as const;
/** Its colour is a darker shade of the wearer's own hair, so that a swapped mustache fits the new face. */
export interface MustacheStyle {
  readonly kind: (typeof MUSTACHE_KINDS)[number];
  /** Relative width, 0.9 to 1.15. */
  readonly width: number;
  readonly thickness: number;
  readonly seed: number;
}

export const HAIR_CUTS = ["crop", "side-part", "curly", "long", "wavy", "bob"] as const;
/** Everything that the Male attribute determines; `present` is the attribute itself. */
export interface MaleStyle {
  readonly present: boolean;
  readonly cut: (typeof HAIR_CUTS)[number];
  /** Volume of the hair above the skull, in face units. */
  readonly volume: number;
  /** Side of the parting, from -1 to 1. */
  readonly part: number;
  /** From 0 (narrow chin) to 1 (square jaw). */
  readonly jaw: number;
  /** Thickness added to the brows. */
  readonly brow: number;
  readonly lashes: boolean;
  readonly lipstick: Rgb | null;
  /** From 0 (shaven) to 1. */
  readonly stubble: number;
  readonly earrings: Rgb | null;
  readonly seed: number;
}

export const HAIR_COLOURS = ["Black", "Blond", "Brown", "Gray"] as const;
export interface HairColour {
  readonly name: (typeof HAIR_COLOURS)[number];
  readonly base: Rgb;
}

/** The attributes of a face; null if the attribute is absent. */
export interface AttributeStyles {
  readonly bangs: BangsStyle | null;
  readonly eyeglasses: EyeglassesStyle | null;
  readonly smiling: SmileStyle | null;
  readonly mustache: MustacheStyle | null;
  readonly male: MaleStyle;
  readonly hairColour: HairColour;
}

/** Position of the face in its photo. */
export interface Pose {
  /** Size of the photo in pixels. */
  readonly width: number;
  readonly height: number;
  /** Photo pixel that shows the point midway between the eyes. */
  readonly x: number;
  readonly y: number;
  /** Pixels per face unit. */
  readonly scale: number;
  /** In-plane rotation in radians, clockwise as seen. */
  readonly rotation: number;
  /** Ratio of the face's width to its height, relative to a similarity; near 1. */
  readonly stretch: number;
  readonly shear: number;
  /** Turn of the head, from -1 to 1. It moves nose, mouth and eyes relative to the outline. */
  readonly yaw: number;
}

export interface SynthFace {
  readonly person: Person;
  readonly styles: AttributeStyles;
  readonly pose: Pose;
}
