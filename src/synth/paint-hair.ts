/** Paints the hair behind the head, the cap over the skull, the locks next to the face, and earrings. In face units. */
import { Random } from "../random.js";
import { mix, type Rgb, shade, WHITE } from "./colour.js";
import type { MaleStyle, SynthFace } from "./face.js";
import type { FaceGeometry } from "./geometry.js";
import { closedCurve, curve, type Point, pathData, type Sketch } from "./sketch.js";

/** y where the locks end; null if the hair stays above the ears. */
const LOCK_END: Readonly<Record<MaleStyle["cut"], number | null>> = {
  crop: null,
  "side-part": null,
  curly: null,
  long: 226,
  wavy: 196,
  bob: 104,
};

const mirror = (points: readonly Point[]): Point[] => points.map(([x, y]): Point => [-x, y]).reverse();

/** The tones that the hair is painted with. */
export function hairTones(base: Rgb): {
  readonly light: Rgb;
  readonly base: Rgb;
  readonly dark: Rgb;
  readonly line: Rgb;
} {
  return { light: mix(base, [255, 236, 206], 0.24), base, dark: shade(base, -0.34), line: shade(base, -0.55) };
}

export function paintBackHair(sketch: Sketch, { person, styles }: SynthFace, { width: w }: FaceGeometry): void {
  const { male } = styles;
  const end = LOCK_END[male.cut];
  if (end === null) return;
  const v = male.volume;
  const side: Point[] = [
    [w * 0.5, person.head.top - v],
    [w + 4 + v * 0.6, -70],
    [w + 17 + v * 0.6, 10],
    [w + 19 + v * 0.5, end * 0.55],
    [w + 12 + v * 0.4, end],
    [w * 0.5, end + 6],
  ];
  sketch.path(closedCurve([[0, person.head.top - v], ...side, ...mirror(side)]), {
    fill: shade(styles.hairColour.base, -0.5),
  });
}

/** The contour of the cap: an outer edge over the skull, and an inner edge along hairline and face. */
function capPath({ person, styles }: SynthFace, { width: w }: FaceGeometry): { data: string; outer: Point[] } {
  const { male } = styles;
  const { top, hairline: h } = person.head;
  const v = male.volume;
  const end = LOCK_END[male.cut];
  let outer: Point[];
  let inner: Point[];
  if (end === null) {
    const lean = male.cut === "side-part" ? male.part * 9 : 0;
    outer = [
      [w * 0.995, 10],
      [w + 4, -16],
      [w + 5 + v * 0.35, -52],
      [w * 0.86 + v * 0.5, top + 20 - v * 0.45],
      [w * 0.45, top - 2 - v],
    ];
    inner = [
      [w * 0.94, 12],
      [w * 0.9, -14],
      [w * 0.87, -40],
      [w * 0.72, h + 11],
      [w * 0.4, h + 1],
    ];
    const left = mirror(outer)
      .reverse()
      .map(([x, y]): Point => [x, y < -80 ? y + lean : y]);
    const right = [...outer].reverse().map(([x, y]): Point => [x, y < -80 ? y - lean : y]);
    outer = [...left, [0, top - 7 - v], ...right];
    const crown: Point = [male.part * 10, h + (male.jaw > 0.5 ? 4 : -1)];
    inner = [...inner, crown, ...mirror(inner)];
  } else {
    const wave = male.cut === "wavy" ? 7 : 0;
    const half: Point[] = [
      [w + 6, end],
      [w + 20 + v * 0.4 + wave, end * 0.78],
      [w + 17 + v * 0.5 - wave, end * 0.5],
      [w + 17 + v * 0.5 + wave, end * 0.2],
      [w + 11 + v * 0.5, -40],
      [w * 0.82 + v * 0.6, top + 14 - v * 0.4],
      [w * 0.42, top - 3 - v],
    ];
    outer = [...mirror(half).reverse(), [0, top - 8 - v], ...[...half].reverse()];
    const face: Point[] = [
      [w - 2, end + 3],
      [w + 2 - wave * 0.7, end * 0.74],
      [w + wave * 0.6, end * 0.48],
      [w * 0.96, 24],
      [w * 0.9, -18],
      [w * 0.76, -46],
      [w * 0.45, h + 6],
    ];
    inner = [...face, [male.part * 20, h - 6], ...mirror(face)];
  }
  return { data: `${curve(outer)}${curve(inner, true)}Z`, outer };
}

export function paintHair(sketch: Sketch, face: SynthFace, geometry: FaceGeometry): void {
  const { person, styles } = face;
  const { male } = styles;
  const { width: w } = geometry;
  const tones = hairTones(styles.hairColour.base);
  const { data, outer } = capPath(face, geometry);
  const lit = person.light.side * 40;
  const fill = sketch.radial([lit, -92], 190, [
    [0, tones.light],
    [0.35, tones.base],
    [0.7, tones.dark],
    [1, tones.dark],
  ]);
  if (male.cut === "curly") paintCurls(sketch, face, outer, tones);
  sketch.path(data, { fill });
  paintStrands(sketch, face, w, tones);
  sketch.glow(lit * 0.7, -94, w * 0.5, 13, mix(tones.light, WHITE, 0.35), 0.42);
  if (male.cut === "curly") paintCurls(sketch, face, outer, tones, true);
}

type Tones = ReturnType<typeof hairTones>;

function paintStrands(sketch: Sketch, { person, styles }: SynthFace, w: number, tones: Tones): void {
  const { male } = styles;
  const { top, hairline: h } = person.head;
  const random = Random.fromSeed(male.seed, "strands");
  const end = LOCK_END[male.cut];
  const lines: [string, string] = ["", ""];
  for (let i = 0; i < 24; i++) {
    const side = i % 2 === 0 ? -1 : 1;
    const t = random.uniform();
    const tone = random.chance(0.4) ? 0 : 1;
    if (end === null) {
      // Combed up and back from the hairline, towards the side away from the parting.
      const x = side * w * t * 0.76;
      const lean = -male.part * 26;
      const y = h + 9 * t * t * t;
      const endX = Math.max(-0.85 * w, Math.min(0.85 * w, x * 0.9 + lean));
      // The outer edge of the cap is nearly this ellipse. A parting lowers one side of it.
      const rise = -top - 54 + male.volume * 0.6 - (male.cut === "side-part" ? 9 * Math.abs(male.part) : 0);
      const endY = -52 - rise * Math.sqrt(1 - (endX / (w + 6)) ** 2);
      lines[tone] += pathData`M${x} ${y + 3}Q${(x + endX) / 2} ${Math.max(y - 22, endY)} ${endX} ${endY}`;
    } else {
      const root: Point = [male.part * 20, top - male.volume - 4 + (h - top) * random.uniform()];
      const x = side * (w * 0.94 + 22 * t);
      const wave = male.cut === "wavy" ? 16 * (random.uniform() - 0.5) : 0;
      lines[tone] +=
        pathData`M${root[0]} ${root[1]}C${side * w * (0.5 + 0.4 * t)} ${top - 6 + 20 * (1 - t)} ${x + 3} -60 ${x} ${end * 0.25}S${x + wave} ${end * 0.6} ${x - wave} ${end * 0.86}`;
    }
  }
  sketch.path(lines[0], { stroke: tones.light, strokeWidth: 2, opacity: 0.5 });
  sketch.path(lines[1], { stroke: tones.line, strokeWidth: 2, opacity: 0.42 });
}

/** Round curls along the outer edge; `inside` paints the curls within the cap. */
function paintCurls(
  sketch: Sketch,
  { person, styles }: SynthFace,
  outer: readonly Point[],
  tones: Tones,
  inside = false,
): void {
  const random = Random.fromSeed(styles.male.seed, inside ? "curls within" : "curls");
  const centre: Point = [0, -52];
  const depths = inside ? [0.99, 0.8] : [1.05];
  for (const depth of depths) {
    for (let i = 1; i + 2 < outer.length; i++) {
      for (let k = 0; k < 2; k++) {
        const t = k / 2;
        const x = outer[i][0] + (outer[i + 1][0] - outer[i][0]) * t;
        const y = outer[i][1] + (outer[i + 1][1] - outer[i][1]) * t;
        const [cx, cy] = [centre[0] + (x - centre[0]) * depth, centre[1] + (y - centre[1]) * depth];
        if (inside && cy > person.head.hairline - 9) continue;
        const r = random.between(11, 16);
        const light = mix(tones.base, tones.light, random.uniform());
        const fill = sketch.radial([cx - 3, cy - 4], r * 1.15, [
          [0, light],
          [0.6, tones.base],
          [1, tones.dark],
        ]);
        sketch.ellipse(cx, cy, r, r, { fill });
      }
    }
  }
}

/** Earrings hang below the lobes, in front of short hair and of locks. */
export function paintEarrings(sketch: Sketch, { styles, pose }: SynthFace, { width: w }: FaceGeometry): void {
  const metal = styles.male.earrings;
  if (!metal) return;
  const fill = (x: number): string =>
    sketch.radial([x - 1.5, 36], 7, [
      [0, mix(metal, WHITE, 0.7)],
      [0.6, metal],
      [1, shade(metal, -0.5)],
    ]);
  for (const side of [-1, 1]) {
    const x = side * (w + 3) - pose.yaw * 4;
    sketch.ellipse(x, 38, 5, 5, { fill: fill(x) });
    sketch.ellipse(x, 49, 3.2, 6, { fill: fill(x) });
  }
}
