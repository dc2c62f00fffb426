/** Paints mouth, smile and mustache, in face units. */
import { Random } from "../random.js";
import { luma, mix, type Rgb, shade, skinShadow, WHITE } from "./colour.js";
import type { MustacheStyle, SynthFace } from "./face.js";
import type { FaceGeometry } from "./geometry.js";
import { type Point, pathData, type Sketch } from "./sketch.js";

function lipColour({ person, styles }: SynthFace): Rgb {
  return styles.male.lipstick ?? mix(person.skin, [164, 52, 58], styles.male.present ? 0.36 : 0.5);
}

/** Height of the opening between the lips at the middle, before the smile's strength is applied. */
const GAPE = { closed: 0, teeth: 9, wide: 18 } as const;

export function paintMouth(sketch: Sketch, face: SynthFace, geometry: FaceGeometry): void {
  const { person, styles } = face;
  const { smiling } = styles;
  const [left, right, [x, y]] = [geometry.leftMouth, geometry.rightMouth, geometry.mouth];
  const half = (right[0] - left[0]) / 2;
  const corner = left[1];
  const lips = lipColour(face);
  const gape = smiling ? GAPE[smiling.kind] * smiling.strength : 0;
  const stretch = smiling ? 0.8 : 1;
  const upperLip = 6.2 * person.mouth.fullness * stretch;
  const lowerLip = 8.6 * person.mouth.fullness * stretch;
  const top = y - gape * 0.35;
  const bottom = y + gape * 0.65;
  // A curve reaches 3/4 of its control points' sag, so `top` and `bottom` are where the lips meet the gap.
  const sag = (middle: number): number => corner + ((middle - corner) * 4) / 3;
  const seam = (level: number): string =>
    pathData`C${x - half * 0.45} ${sag(level)} ${x + half * 0.45} ${sag(level)} ${right[0]} ${right[1]}`;
  const seamBack = (level: number): string =>
    pathData`C${x + half * 0.45} ${sag(level)} ${x - half * 0.45} ${sag(level)} ${left[0]} ${left[1]}`;
  const start = pathData`M${left[0]} ${left[1]}`;

  if (smiling && gape > 0) {
    const wide = smiling.kind === "wide";
    const opening = `${start}${seam(top)}${seamBack(bottom)}Z`;
    const teeth = wide ? `${start}${seam(top)}${seamBack(top + (bottom - top) * 0.56)}Z` : opening;
    paintOpening(sketch, { opening, teeth }, x, top, bottom, half, wide);
  }
  const upperFill = sketch.linear(
    [0, top - upperLip],
    [0, top + 2],
    [
      [0, shade(lips, 0.04)],
      [1, shade(lips, -0.28)],
    ],
  );
  const bow = top - upperLip;
  const upper = pathData`${left[0]} ${left[1]}C${x - half * 0.6} ${bow + 1 + (corner - top) * 0.35} ${x - half * 0.3} ${bow - 1.5} ${x - half * 0.16} ${bow - 1}Q${x} ${bow + 2.6} ${x + half * 0.16} ${bow - 1}C${x + half * 0.3} ${bow - 1.5} ${x + half * 0.6} ${bow + 1 + (corner - top) * 0.35} ${right[0]} ${right[1]}`;
  sketch.path(`M${upper}${seamBack(top)}Z`, { fill: upperFill });
  const lowerFill = sketch.linear(
    [0, bottom],
    [0, bottom + lowerLip],
    [
      [0, shade(lips, -0.08)],
      [0.45, shade(lips, 0.16)],
      [1, shade(lips, -0.2)],
    ],
  );
  const under = sag(bottom + lowerLip);
  const lower = pathData`C${x + half * 0.62} ${under} ${x - half * 0.62} ${under} ${left[0]} ${left[1]}`;
  sketch.path(`${start}${seam(bottom)}${lower}Z`, { fill: lowerFill });
  sketch.ellipse(x, bottom + lowerLip * 0.48, half * 0.32, 1.7, {
    fill: WHITE,
    opacity: styles.male.lipstick ? 0.42 : 0.24,
  });
  if (gape === 0) sketch.path(`${start}${seam(y)}`, { stroke: shade(lips, -0.66), strokeWidth: 1.9, opacity: 0.9 });
  paintCorners(sketch, face, geometry);
}

/** Paints what is visible between the lips: darkness, the upper teeth and, in a wide smile, the tongue. */
function paintOpening(
  sketch: Sketch,
  seams: { readonly opening: string; readonly teeth: string },
  x: number,
  top: number,
  bottom: number,
  half: number,
  wide: boolean,
): void {
  sketch.path(seams.opening, { fill: [66, 16, 22] });
  if (wide) {
    const [w, h] = [half * 0.56, (bottom - top) * 0.42];
    const tongue = pathData`M${x - w} ${bottom - 3.5}C${x - w * 0.5} ${bottom - h - 2} ${x + w * 0.5} ${bottom - h - 2} ${x + w} ${bottom - 3.5}Q${x} ${bottom + 3} ${x - w} ${bottom - 3.5}Z`;
    sketch.path(tongue, { fill: [196, 84, 88] });
  }
  const fill = sketch.linear(
    [x - half, 0],
    [x + half, 0],
    [
      [0, [120, 104, 98]],
      [0.22, [246, 243, 236]],
      [0.78, [246, 243, 236]],
      [1, [120, 104, 98]],
    ],
  );
  sketch.path(seams.teeth, { fill });
  let gaps = "";
  const reach = (bottom - top) * (wide ? 0.5 : 0.85);
  for (let i = -2; i <= 2; i++) {
    const at = x + i * half * 0.2;
    gaps += pathData`M${at} ${top - 0.6 * Math.abs(i)}L${at} ${top + reach * (1 - 0.12 * i * i)}`;
  }
  sketch.path(gaps, { stroke: [176, 164, 156], strokeWidth: 0.8, opacity: 0.6 });
}

function paintCorners(sketch: Sketch, { person, styles, pose }: SynthFace, geometry: FaceGeometry): void {
  const { skin } = person;
  const deep = skinShadow(skin, 0.62);
  for (const [side, [x, y]] of [
    [-1, geometry.leftMouth],
    [1, geometry.rightMouth],
  ] as const) {
    sketch.ellipse(x, y, 2, 1.6, { fill: deep, opacity: 0.8 });
    if (!styles.smiling) continue;
    const { strength } = styles.smiling;
    const nose: Point = [pose.yaw * 6 + side * (person.nose.width + 5), person.nose.length + 2];
    const fold = pathData`M${nose[0]} ${nose[1]}Q${x + side * 7} ${y - 16} ${x + side * 9} ${y + 4}`;
    sketch.path(fold, { stroke: deep, strokeWidth: 3, opacity: 0.42 * strength });
    sketch.path(pathData`M${x + side * 3} ${y - 6}Q${x + side * 7} ${y} ${x + side * 2} ${y + 7}`, {
      stroke: deep,
      strokeWidth: 2.2,
      opacity: 0.6,
    });
  }
}

/** Paints the mustache between nose and upper lip, in the width of its kind. */
export function paintMustache(sketch: Sketch, face: SynthFace, geometry: FaceGeometry, style: MustacheStyle): void {
  const { person, styles } = face;
  const { base } = styles.hairColour;
  // Light hair on darker skin keeps its colour. Otherwise, the mustache is darkened until it is visible on the skin.
  const colour = luma(base) > luma(person.skin) ? base : mix(base, [46, 30, 22], 0.45);
  const [mx, my] = geometry.mouth;
  const lipTop = my - 6.5 * person.mouth.fullness - (styles.smiling ? GAPE[styles.smiling.kind] * 0.3 : 0);
  const nose = geometry.noseTip[1] + 8;
  const x = (mx + geometry.noseTip[0]) / 2;
  const y = (nose + lipTop) / 2;
  const w = 31 * style.width;
  const lift = styles.smiling ? 2 : 0;
  for (const side of [-1, 1] as const) {
    const at = (dx: number): number => x + side * dx;
    let data: string;
    if (style.kind === "pencil") {
      const t = 3.4 * style.thickness;
      data = pathData`M${at(1.5)} ${y - t + 1}Q${at(w * 0.55)} ${y - t} ${at(w * 0.98)} ${y + 7 - lift}Q${at(w * 0.5)} ${y + t + 2} ${at(1.5)} ${y + t + 1}Z`;
    } else if (style.kind === "bushy") {
      const t = 8.5 * style.thickness;
      data = pathData`M${at(-1)} ${y - t * 0.75}C${at(w * 0.4)} ${y - t * 1.25} ${at(w * 0.95)} ${y - 2} ${at(w * 1.12)} ${y + 13 - lift}C${at(w * 0.8)} ${y + t + 5} ${at(w * 0.3)} ${y + t + 2} ${at(-1)} ${y + t * 0.7}Z`;
    } else {
      const t = 5.6 * style.thickness;
      data = pathData`M${at(-0.5)} ${y - t * 0.5}C${at(w * 0.35)} ${y - t * 1.5} ${at(w * 0.8)} ${y + 4} ${at(w * 1.18)} ${y + 6}C${at(w * 1.45)} ${y + 6} ${at(w * 1.55)} ${y - 4} ${at(w * 1.42)} ${y - 13}C${at(w * 1.78)} ${y - 6} ${at(w * 1.72)} ${y + 13} ${at(w * 1.25)} ${y + 14}C${at(w * 0.8)} ${y + 16} ${at(w * 0.35)} ${y + t + 3} ${at(-0.5)} ${y + t * 0.8}Z`;
    }
    const fill = sketch.linear(
      [0, y - 9],
      [0, y + 14],
      [
        [0, shade(colour, 0.12)],
        [1, shade(colour, -0.3)],
      ],
    );
    sketch.path(data, { fill });
  }
  if (style.kind !== "pencil") paintWhiskers(sketch, style, colour, x, y, w);
}

/** Fine hairs over the thick middle, short enough to stay within the shape. */
function paintWhiskers(sketch: Sketch, style: MustacheStyle, colour: Rgb, x: number, y: number, w: number): void {
  const random = Random.fromSeed(style.seed, "whiskers");
  let data = "";
  for (let i = -6; i <= 6; i++) {
    const dx = (i / 6) * w * 0.7;
    const down = (Math.abs(i) / 6) * 6;
    data += pathData`M${x + dx} ${y - 3 + down}L${x + dx + Math.sign(i) * random.between(1, 4)} ${y + 4 + down}`;
  }
  sketch.path(data, { stroke: shade(colour, -0.45), strokeWidth: 1.1, opacity: 0.55 });
}
