/** Paints bangs: a fringe of overlapping locks over the forehead, with its shadow on the skin. In face units. */
import { Random } from "../random.js";
import { mix, skinShadow } from "./colour.js";
import type { BangsStyle, SynthFace } from "./face.js";
import type { FaceGeometry } from "./geometry.js";
import { hairTones } from "./paint-hair.js";
import { closedCurve, type Point, pathData, type Sketch } from "./sketch.js";

interface Lock {
  readonly root: Point;
  readonly bend: Point;
  readonly tip: Point;
  /** Width at the root and at the bend. */
  readonly width: number;
}

/** A tapering lock from its root, past the bend, to its pointed tip. */
function lockPath({ root, bend, tip, width }: Lock): string {
  const dx = tip[0] - root[0];
  const dy = tip[1] - root[1];
  const length = Math.hypot(dx, dy) || 1;
  const [nx, ny] = [(-dy / length) * width * 0.5, (dx / length) * width * 0.5];
  return pathData`M${root[0] - nx} ${root[1] - ny}Q${bend[0] - nx * 1.25} ${bend[1] - ny * 1.25} ${tip[0]} ${tip[1]}Q${bend[0] + nx * 1.25} ${bend[1] + ny * 1.25} ${root[0] + nx} ${root[1] + ny}Z`;
}

interface Fringe {
  /** The area that covers the forehead between the locks. */
  readonly base: Point[];
  readonly locks: Lock[];
}

/** y of the fringe's lower end. */
function fringeEnd(style: BangsStyle): number {
  return -38 + 13 * style.length;
}

function fullFringe(style: BangsStyle, w: number, h: number, random: Random): Fringe {
  const end = fringeEnd(style);
  const half = w * 0.9;
  const base: Point[] = [
    [-half, end + 4],
    [-half * 0.94, h],
    [-half * 0.5, h - 24],
    [0, h - 30],
    [half * 0.5, h - 24],
    [half * 0.94, h],
    [half, end + 4],
    [half * 0.5, end - 5],
    [0, end - 6],
    [-half * 0.5, end - 5],
  ];
  const locks: Lock[] = [];
  for (let i = 0; i < style.locks; i++) {
    const t = ((i + 0.5) / style.locks) * 2 - 1;
    const x = t * half * 0.96;
    const drop = end + 5 * t * t + (random.uniform() - 0.35) * 12 * style.unevenness;
    const tip: Point = [x + random.between(-4, 4), drop];
    locks.push({ root: [x * 0.72, h - 26], bend: [x * 1.05, (h + end) / 2], tip, width: (2.9 * half) / style.locks });
  }
  return { base, locks };
}

/** `side` is where the hair falls, -1 for the left. The parting is on the other side. */
function sweptFringe(style: BangsStyle, w: number, h: number, side: number, random: Random): Fringe {
  const end = fringeEnd(style) + 5;
  const part = -side * w * 0.5;
  const at = (t: number): number => part + (side * w * 0.93 - part) * t;
  const base: Point[] = [
    [part, h + 2],
    [part + side * 6, h - 20],
    [at(0.5), h - 30],
    [at(0.9), h - 12],
    [at(1.01), end - 10],
    [at(0.99), end + 16],
    [at(0.8), end + 2],
    [at(0.5), end - 9],
    [at(0.22), end - 22],
  ];
  const locks: Lock[] = [];
  for (let i = 0; i < style.locks; i++) {
    const t = (i + 0.7) / style.locks;
    const low = end - 24 + 38 * t ** 1.4 + (random.uniform() - 0.4) * 9 * style.unevenness;
    const root: Point = [part + side * (4 + 26 * t), h - 14 - 12 * t];
    locks.push({ root, bend: [at(t * 0.72), h - 8 + 10 * t], tip: [at(t) + side * 2, low], width: 15 });
  }
  return { base, locks };
}

function partedFringe(style: BangsStyle, w: number, h: number, random: Random): Fringe[] {
  const end = fringeEnd(style) + 14;
  return [-1, 1].map((side) => {
    const base: Point[] = [
      [side * 1, h - 22],
      [side * w * 0.5, h - 26],
      [side * w * 0.92, h + 4],
      [side * w * 0.96, end],
      [side * w * 0.84, end + 10],
      [side * w * 0.6, end - 16],
      [side * w * 0.3, end - 32],
    ];
    const locks: Lock[] = [];
    const n = Math.max(4, Math.round(style.locks * 0.6));
    for (let i = 0; i < n; i++) {
      const t = (i + 0.5) / n;
      const x = side * w * (0.32 + 0.6 * t);
      const low = end - 27 + 38 * t + (random.uniform() - 0.4) * 8 * style.unevenness;
      locks.push({ root: [side * (3 + 26 * t), h - 20], bend: [x * 0.7, h + 2], tip: [x, low], width: 14 });
    }
    return { base, locks };
  });
}

export function paintBangs(sketch: Sketch, face: SynthFace, geometry: FaceGeometry, style: BangsStyle): void {
  const { person, styles } = face;
  const random = Random.fromSeed(style.seed, "bangs");
  const { width: w } = geometry;
  const h = person.head.hairline;
  const fringes =
    style.kind === "parted"
      ? partedFringe(style, w, h, random)
      : [
          style.kind === "full"
            ? fullFringe(style, w, h, random)
            : sweptFringe(style, w, h, style.kind === "left" ? -1 : 1, random),
        ];
  const tones = hairTones(styles.hairColour.base);
  const end = fringeEnd(style);
  for (const { base, locks } of fringes) {
    const shadow = [...base.map(([x, y]): Point => [x, y + 6])];
    sketch.path(closedCurve(shadow), { fill: skinShadow(person.skin, 0.75), opacity: 0.35 });
    for (const lock of locks) {
      const tip: Point = [lock.tip[0] + 1, lock.tip[1] + 6];
      sketch.path(lockPath({ ...lock, tip }), { fill: skinShadow(person.skin, 0.75), opacity: 0.3 });
    }
  }
  const fill = sketch.linear(
    [0, h - 28],
    [0, end + 12],
    [
      [0, mix(tones.base, tones.dark, 0.35)],
      [0.42, mix(tones.base, tones.light, 0.75)],
      [0.75, tones.base],
      [1, tones.dark],
    ],
  );
  const deep = sketch.linear(
    [0, h - 28],
    [0, end + 12],
    [
      [0, tones.dark],
      [0.42, tones.base],
      [1, tones.dark],
    ],
  );
  for (const { base, locks } of fringes) {
    sketch.path(closedCurve(base), { fill: deep });
    locks.forEach((lock, i) => {
      sketch.path(lockPath(lock), { fill: i % 2 === 0 ? fill : deep, stroke: tones.line, strokeWidth: 0.8 });
    });
    let shine = "";
    for (const { root, bend, tip } of locks) {
      shine += pathData`M${root[0] + 2} ${root[1] + 4}Q${bend[0] + 2} ${bend[1]} ${tip[0]} ${tip[1] - 6}`;
    }
    sketch.path(shine, { stroke: tones.light, strokeWidth: 1.2, opacity: 0.5 });
  }
}
