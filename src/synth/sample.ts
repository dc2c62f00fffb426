/** Draws faces from a seed. Face i depends only on i and the seed. */
import { Random } from "../random.js";
import { luma, type Rgb } from "./colour.js";
import {
  type AttributeStyles,
  BACKGROUND_PATTERNS,
  BANGS_KINDS,
  type BangsStyle,
  COLLARS,
  EYEGLASSES_KINDS,
  type EyeglassesStyle,
  HAIR_COLOURS,
  type HairColour,
  type MaleStyle,
  MUSTACHE_KINDS,
  type Person,
  type Pose,
  SMILE_KINDS,
  type SynthFace,
} from "./face.js";

const SKINS: readonly Rgb[] = [
  [250, 222, 204],
  [240, 200, 174],
  [228, 182, 148],
  [205, 152, 112],
  [164, 112, 78],
  [120, 78, 54],
];
const IRISES: readonly Rgb[] = [
  [84, 52, 28],
  [110, 72, 36],
  [86, 112, 78],
  [82, 128, 166],
  [118, 140, 150],
];
const WALLS: readonly Rgb[] = [
  [196, 206, 214],
  [110, 132, 156],
  [214, 198, 172],
  [124, 146, 112],
  [168, 118, 104],
  [72, 80, 98],
  [226, 220, 210],
  [88, 124, 128],
  [190, 164, 190],
];
const CLOTHES: readonly Rgb[] = [
  [38, 44, 62],
  [150, 40, 46],
  [228, 226, 220],
  [54, 94, 84],
  [66, 100, 160],
  [206, 160, 60],
  [90, 62, 104],
  [44, 42, 42],
];
const HAIR: Readonly<Record<HairColour["name"], readonly Rgb[]>> = {
  Black: [
    [26, 22, 22],
    [34, 28, 28],
  ],
  Blond: [
    [218, 180, 108],
    [228, 198, 140],
    [200, 160, 86],
  ],
  Brown: [
    [94, 58, 32],
    [116, 72, 42],
    [78, 48, 30],
  ],
  Gray: [
    [168, 168, 168],
    [204, 202, 198],
    [142, 142, 146],
  ],
};

/** Shares of the attributes. All are independent, except that only men wear a mustache. */
export const ATTRIBUTE_SHARES = { bangs: 0.4, eyeglasses: 0.4, smiling: 0.5, mustacheOfMale: 0.5, male: 0.5 } as const;

function jitter(random: Random, colour: Rgb, amount: number): Rgb {
  const common = random.between(-amount, amount);
  const [r, g, b] = colour.map((v) => Math.round(Math.max(0, Math.min(255, v + common + random.between(-4, 4)))));
  return [r, g, b];
}

function samplePerson(random: Random): Person {
  const skin = jitter(random, random.pick(SKINS), 8);
  const walls = random.shuffle([...WALLS]);
  return {
    skin,
    age: random.chance(0.16) ? random.between(0.4, 1) : 0,
    head: {
      width: random.between(66, 75),
      top: random.between(-121, -113),
      chin: random.between(111, 122),
      hairline: random.between(-74, -66),
    },
    eyes: {
      spacing: random.between(33.6, 36.4),
      width: random.between(14.5, 17),
      height: random.between(7.6, 10),
      tilt: random.between(-1.5, 3),
      iris: jitter(random, random.pick(IRISES), 10),
    },
    brows: { height: random.between(20, 25), arch: random.between(1, 6), thickness: random.between(3.2, 5) },
    nose: { length: random.between(42, 48), width: random.between(11.5, 16) },
    mouth: { y: random.between(75, 81), width: random.between(23, 28), fullness: random.between(0.8, 1.3) },
    blush: random.chance(0.3) ? random.between(0.5, 1) : random.between(0, 0.3),
    freckles: random.chance(0.12),
    background: {
      pattern: random.pick(BACKGROUND_PATTERNS),
      colours: [jitter(random, walls[0], 14), jitter(random, walls[1], 14), jitter(random, walls[2], 14)],
      seed: random.uint32(),
    },
    clothing: {
      collar: random.pick(COLLARS),
      colour: jitter(random, random.pick(CLOTHES), 14),
      shoulders: random.between(128, 160),
    },
    light: {
      side: random.between(-1, 1),
      strength: random.uniform(),
      warmth: random.between(-1, 1),
      exposure: random.between(-1, 1),
    },
  };
}

function sampleBangs(random: Random): BangsStyle {
  return {
    kind: random.pick(BANGS_KINDS),
    length: random.uniform(),
    locks: 8 + random.below(6),
    unevenness: random.uniform(),
    seed: random.uint32(),
  };
}

function sampleEyeglasses(random: Random): EyeglassesStyle {
  const kind = random.pick(EYEGLASSES_KINDS);
  const dark: readonly Rgb[] = [
    [22, 20, 22],
    [34, 28, 50],
    [70, 36, 20],
  ];
  const vivid: readonly Rgb[] = [
    [20, 20, 22],
    [150, 26, 34],
    [24, 52, 110],
    [92, 50, 22],
    [20, 88, 84],
  ];
  const metal: readonly Rgb[] = [
    [62, 58, 58],
    [176, 128, 40],
    [90, 52, 28],
    [28, 28, 34],
  ];
  const frame = random.pick(kind === "round" ? metal : kind === "dark" ? dark : vivid);
  const rim = {
    round: random.between(8.5, 10),
    square: random.between(9.5, 11),
    thick: random.between(12, 14),
    dark: 9,
  };
  const lens: Rgb =
    kind === "dark"
      ? random.pick([
          [20, 20, 24],
          [44, 26, 16],
          [16, 30, 24],
        ] as const)
      : [206, 224, 236];
  const lensOpacity = kind === "dark" ? random.between(0.9, 0.97) : random.between(0.1, 0.18);
  return { kind, frame, rim: rim[kind], lens, lensOpacity, size: random.between(0.94, 1.06) };
}

function sampleMale(random: Random): MaleStyle {
  const present = random.chance(ATTRIBUTE_SHARES.male);
  const lips: readonly Rgb[] = [
    [186, 34, 52],
    [206, 78, 96],
    [150, 40, 70],
    [196, 88, 74],
  ];
  const metals: readonly Rgb[] = [
    [222, 180, 74],
    [206, 210, 216],
  ];
  const lipstick = random.chance(0.6) ? random.pick(lips) : null;
  const earrings = random.chance(0.35) ? random.pick(metals) : null;
  const stubble = random.chance(0.3) ? random.between(0.6, 1) : 0;
  return {
    present,
    cut: present ? random.pick(["crop", "side-part", "curly"] as const) : random.pick(["long", "wavy", "bob"] as const),
    volume: present ? random.between(3, 14) : random.between(5, 15),
    part: random.between(-1, 1),
    jaw: present ? random.between(0.6, 1) : random.between(0, 0.3),
    brow: present ? random.between(2.6, 4.6) : random.between(0, 0.8),
    lashes: !present,
    lipstick: present ? null : lipstick,
    stubble: present ? stubble : 0,
    earrings: present ? null : earrings,
    seed: random.uint32(),
  };
}

/** Smallest difference of luma between hair (shaded, as painted) and skin, so that fringes and mustaches are visible. */
const HAIR_CONTRAST = 42;
const HAIR_SHADING = 0.88;

function sampleHairColour(random: Random, { skin, age }: Person): HairColour {
  const names: readonly HairColour["name"][] = age > 0.7 ? ["Gray", "Blond", "Brown"] : HAIR_COLOURS;
  const contrasting = names.flatMap((name) =>
    HAIR[name]
      .filter((base) => Math.abs(luma(base) * HAIR_SHADING - luma(skin)) > HAIR_CONTRAST)
      .map((base) => ({ name, base })),
  );
  const present = names.filter((name) => contrasting.some((tone) => tone.name === name));
  const name = random.pick(present);
  const { base } = random.pick(contrasting.filter((tone) => tone.name === name));
  return { name, base: jitter(random, base, 6) };
}

function sampleStyles(random: Random, person: Person): AttributeStyles {
  const bangs = random.chance(ATTRIBUTE_SHARES.bangs);
  const eyeglasses = random.chance(ATTRIBUTE_SHARES.eyeglasses);
  const smiling = random.chance(ATTRIBUTE_SHARES.smiling);
  const male = sampleMale(random);
  const mustache = random.chance(ATTRIBUTE_SHARES.mustacheOfMale) && male.present;
  return {
    bangs: bangs ? sampleBangs(random) : null,
    eyeglasses: eyeglasses ? sampleEyeglasses(random) : null,
    smiling: smiling ? { kind: random.pick(SMILE_KINDS), strength: random.between(0.88, 1.12) } : null,
    mustache: mustache
      ? {
          kind: random.pick(MUSTACHE_KINDS),
          width: random.between(0.92, 1.12),
          thickness: random.between(0.9, 1.15),
          seed: random.uint32(),
        }
      : null,
    male,
    hairColour: sampleHairColour(random, person),
  };
}

function samplePose(random: Random): Pose {
  // Most photos are small, as in CelebA; a few reach 640 pixels.
  const side = (): number => 300 + Math.floor(341 * random.uniform() ** 2.5);
  const [width, height] = [side(), side()];
  const scale = (Math.min(width, height) / 256) * random.between(0.55, 0.92);
  // The published crop extends 128 units to the left and right of the eyes, 106 above and 150 below them.
  const place = (low: number, high: number): number => (low < high ? random.between(low, high) : (low + high) / 2);
  return {
    width,
    height,
    scale,
    x: place(118 * scale, width - 118 * scale),
    y: place(108 * scale, height - 138 * scale),
    rotation: ((random.uniform() + random.uniform() - 1) * 20 * Math.PI) / 180,
    stretch: random.between(0.96, 1.04),
    shear: random.between(-0.03, 0.03) * scale,
    yaw: random.between(-1, 1),
  };
}

/** Face `index` (from 0) of the data set with this seed. */
export function sampleFace(seed: number, index: number): SynthFace {
  const person = samplePerson(Random.fromSeed(seed, `synth/${index}/person`));
  const styles = sampleStyles(Random.fromSeed(seed, `synth/${index}/styles`), person);
  const pose = samplePose(Random.fromSeed(seed, `synth/${index}/pose`));
  return { person, styles, pose };
}
