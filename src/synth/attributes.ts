/** CelebA's forty attribute columns for a synthetic face: true values for what is painted, -1 for the rest. */
import { luma } from "./colour.js";
import type { SynthFace } from "./face.js";

/** In the order of CelebA's list. */
export const CELEBA_ATTRIBUTES = [
  "5_o_Clock_Shadow",
  "Arched_Eyebrows",
  "Attractive",
  "Bags_Under_Eyes",
  "Bald",
  "Bangs",
  "Big_Lips",
  "Big_Nose",
  "Black_Hair",
  "Blond_Hair",
  "Blurry",
  "Brown_Hair",
  "Bushy_Eyebrows",
  "Chubby",
  "Double_Chin",
  "Eyeglasses",
  "Goatee",
  "Gray_Hair",
  "Heavy_Makeup",
  "High_Cheekbones",
  "Male",
  "Mouth_Slightly_Open",
  "Mustache",
  "Narrow_Eyes",
  "No_Beard",
  "Oval_Face",
  "Pale_Skin",
  "Pointy_Nose",
  "Receding_Hairline",
  "Rosy_Cheeks",
  "Sideburns",
  "Smiling",
  "Straight_Hair",
  "Wavy_Hair",
  "Wearing_Earrings",
  "Wearing_Hat",
  "Wearing_Lipstick",
  "Wearing_Necklace",
  "Wearing_Necktie",
  "Young",
] as const;
export type CelebaAttribute = (typeof CELEBA_ATTRIBUTES)[number];

/** The attributes that are painted, so that the correct result of swapping them is known. */
export const SWAPPABLE_ATTRIBUTES = [
  "Bangs",
  "Eyeglasses",
  "Smiling",
  "Mustache",
  "Male",
  "Black_Hair",
  "Blond_Hair",
  "Brown_Hair",
  "Gray_Hair",
] as const satisfies readonly CelebaAttribute[];
export type SwappableAttribute = (typeof SWAPPABLE_ATTRIBUTES)[number];

/** The attributes that are present. All others are -1. */
export function presentAttributes({ person, styles }: SynthFace): ReadonlySet<CelebaAttribute> {
  const { male, smiling, hairColour } = styles;
  const wavy = male.cut === "wavy" || male.cut === "curly";
  const holds: Partial<Record<CelebaAttribute, boolean>> = {
    "5_o_Clock_Shadow": male.stubble > 0,
    Arched_Eyebrows: !male.present && person.brows.arch > 4,
    Bags_Under_Eyes: person.age > 0,
    Bangs: styles.bangs !== null,
    Big_Lips: person.mouth.fullness > 1.15,
    Big_Nose: person.nose.width > 14.5,
    Black_Hair: hairColour.name === "Black",
    Blond_Hair: hairColour.name === "Blond",
    Brown_Hair: hairColour.name === "Brown",
    Bushy_Eyebrows: male.brow + person.brows.thickness > 7.5,
    Eyeglasses: styles.eyeglasses !== null,
    Gray_Hair: hairColour.name === "Gray",
    Heavy_Makeup: male.lipstick !== null,
    Male: male.present,
    Mouth_Slightly_Open: smiling !== null && smiling.kind !== "closed",
    Mustache: styles.mustache !== null,
    No_Beard: styles.mustache === null && male.stubble === 0,
    Pale_Skin: luma(person.skin) > 218,
    Rosy_Cheeks: person.blush >= 0.5,
    Smiling: smiling !== null,
    Straight_Hair: !wavy,
    Wavy_Hair: wavy,
    Wearing_Earrings: male.earrings !== null,
    Wearing_Lipstick: male.lipstick !== null,
    Young: person.age === 0,
  };
  return new Set(CELEBA_ATTRIBUTES.filter((name) => holds[name] === true));
}
