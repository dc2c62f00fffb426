/** Paints eyes, brows and nose, in face units. */
import { BLACK, luma, mix, type Rgb, shade, skinShadow, WHITE } from "./colour.js";
import type { SynthFace } from "./face.js";
import type { FaceGeometry } from "./geometry.js";
import { type Point, pathData, polyline, type Sketch } from "./sketch.js";

export function paintEyes(sketch: Sketch, face: SynthFace, geometry: FaceGeometry): void {
  for (const side of [-1, 1] as const) paintEye(sketch, face, side < 0 ? geometry.leftEye : geometry.rightEye, side);
}

/** y of a cubic Bezier curve at `x`. The curve has four control points and is monotonic in x. */
function bezierAt(points: readonly Point[], x: number): number {
  const at = (t: number, axis: 0 | 1): number => {
    const s = 1 - t;
    const [a, b, c, d] = points;
    return s * s * s * a[axis] + 3 * s * s * t * b[axis] + 3 * s * t * t * c[axis] + t * t * t * d[axis];
  };
  const rising = points[3][0] > points[0][0];
  let [low, high] = [0, 1];
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (at(middle, 0) < x === rising) low = middle;
    else high = middle;
  }
  return at((low + high) / 2, 1);
}

/** Path of the part of a disc between the lids. It is cut here, because a clip would cost the renderer a layer. */
function discBetween(x: number, y: number, r: number, upper: readonly Point[], lower: readonly Point[]): string {
  const steps = 14;
  const above: Point[] = [];
  const below: Point[] = [];
  for (let i = 0; i <= steps; i++) {
    const dx = -r * Math.cos((Math.PI * i) / steps);
    const chord = Math.sqrt(Math.max(0, r * r - dx * dx));
    above.push([x + dx, Math.max(y - chord, bezierAt(upper, x + dx))]);
    below.push([x + dx, Math.min(y + chord, bezierAt(lower, x + dx))]);
  }
  return `${polyline(above)}${polyline(below.reverse(), true)}Z`;
}

/** `side` is the outer side. The pupil is at the landmark. */
function paintEye(sketch: Sketch, { person, styles }: SynthFace, [x, y]: Point, side: -1 | 1): void {
  const { skin, eyes, light } = person;
  const smile = styles.smiling ? (styles.smiling.kind === "closed" ? 0.12 : 0.22) : 0;
  const up = eyes.height * (1 - smile * 0.5);
  const down = eyes.height * 0.72 * (1 - smile);
  const w = eyes.width;
  const inner: Point = [x - side * w, y + 2.5];
  const outer: Point = [x + side * w, y + 1 - eyes.tilt];
  const upper = pathData`C${x - side * w * 0.5} ${y - up * 1.25} ${x + side * w * 0.5} ${y - up * 1.3} ${outer[0]} ${outer[1]}`;
  const lower = pathData`C${x + side * w * 0.5} ${y + down * 1.35} ${x - side * w * 0.5} ${y + down * 1.35} ${inner[0]} ${inner[1]}`;
  const start = pathData`M${inner[0]} ${inner[1]}`;
  const white = sketch.linear(
    [0, y - up],
    [0, y + down],
    [
      [0, [168, 160, 160]],
      [0.45, [244, 241, 238]],
      [1, [228, 220, 216]],
    ],
  );
  sketch.path(`${start}${upper}${lower}Z`, { fill: white });
  const r = 8.4;
  const iris = sketch.radial([x, y], r, [
    [0, shade(eyes.iris, -0.25)],
    [0.55, shade(eyes.iris, 0.14)],
    [0.82, eyes.iris],
    [1, shade(eyes.iris, -0.7)],
  ]);
  const lid = (outside: number): Point[] => [
    [x - side * w, inner[1]],
    [x - side * w * 0.5, y + (outside < 0 ? -up * 1.25 : down * 1.35)],
    [x + side * w * 0.5, y + (outside < 0 ? -up * 1.3 : down * 1.35)],
    [x + side * w, outer[1]],
  ];
  sketch.path(discBetween(x, y, r, lid(-1), lid(1)), { fill: iris });
  sketch.ellipse(x, y, 4.3, 4.3, { fill: [12, 9, 10] });
  const glint = light.side >= 0 ? 1 : -1;
  sketch.ellipse(x + glint * 3.6, y - 3.8, 2, 1.8, { fill: WHITE, opacity: 0.95 });
  sketch.ellipse(x - glint * 3.4, y + 3.6, 1.1, 1, { fill: WHITE, opacity: 0.4 });
  const lash = mix(shade(skin, -0.86), BLACK, 0.4);
  sketch.path(`${start}${upper}`, { stroke: lash, strokeWidth: styles.male.lashes ? 4.2 : 2.8 });
  if (styles.male.lashes) {
    const wing = pathData`M${outer[0] - side * 3} ${outer[1] - 2}Q${outer[0] + side * 3} ${outer[1] - 3} ${outer[0] + side * 6.5} ${outer[1] - 7}Q${outer[0] + side * 4} ${outer[1]} ${outer[0] - side * 2} ${outer[1] + 1.5}Z`;
    sketch.path(wing, { fill: lash });
  }
  const lowerLine = pathData`M${outer[0]} ${outer[1]}C${x + side * w * 0.5} ${y + down * 1.4} ${x - side * w * 0.45} ${y + down * 1.4} ${inner[0]} ${inner[1]}`;
  sketch.path(lowerLine, { stroke: skinShadow(skin, 0.7), strokeWidth: 1.3, opacity: 0.7 });
  const crease = pathData`M${inner[0] + side * 3} ${y - up * 0.75}C${x - side * w * 0.4} ${y - up * 1.75} ${x + side * w * 0.5} ${y - up * 1.7} ${outer[0] + side} ${outer[1] - 5}`;
  sketch.path(crease, { stroke: skinShadow(skin, 0.75), strokeWidth: 1.5, opacity: 0.65 });
  if (styles.male.lipstick) {
    // Lipstick comes with eye shadow: both belong to the same make-up.
    sketch.glow(x + side * 2, y - up - 2, w * 0.95, 6, mix(styles.male.lipstick, [90, 50, 90], 0.5), 0.5);
  }
}

/** Colour of brows and lashes, dark enough to be visible with any hair. */
export function browColour({ person, styles }: SynthFace): Rgb {
  const hair = mix(styles.hairColour.base, [52, 34, 24], styles.hairColour.name === "Gray" ? 0.35 : 0.42);
  return luma(hair) > luma(person.skin) * 0.62 ? shade(hair, -0.35) : hair;
}

export function paintBrows(sketch: Sketch, face: SynthFace, geometry: FaceGeometry): void {
  const { brows } = face.person;
  const { male } = face.styles;
  const thick = brows.thickness + male.brow;
  const colour = browColour(face);
  const height = brows.height - (male.present ? 2 : 0);
  for (const side of [-1, 1] as const) {
    const [x, eyeY] = side < 0 ? geometry.leftEye : geometry.rightEye;
    const y = eyeY - height;
    const [inner, peak, outer] = [x - side * 17, x + side * 6, x + side * 21];
    const arch = brows.arch * (male.present ? 0.55 : 1);
    const data = pathData`M${inner} ${y + thick * 0.5}Q${inner - side} ${y - thick * 0.3} ${inner + side * 4} ${y - thick * 0.5}Q${peak - side * 6} ${y - arch - thick * 0.6} ${peak} ${y - arch - thick * 0.5}Q${peak + side * 9} ${y - arch + 0.5} ${outer} ${y + 3.5}Q${peak + side * 7} ${y - arch + thick * 0.75} ${peak - side * 2} ${y - arch + thick * 0.55}Q${inner + side * 9} ${y + thick * 0.3} ${inner} ${y + thick * 0.5}Z`;
    sketch.path(data, { fill: colour, opacity: 0.9 });
    const hairs = pathData`M${inner + side * 3} ${y + thick * 0.2}L${inner + side * 7} ${y - thick * 0.4}M${inner + side * 9} ${y}L${inner + side * 14} ${y - arch * 0.8}M${inner + side * 15} ${y - arch * 0.5}L${inner + side * 21} ${y - arch - 1}`;
    sketch.path(hairs, { stroke: shade(colour, -0.35), strokeWidth: 1.2, opacity: 0.5 });
  }
}

export function paintNose(sketch: Sketch, { person, pose }: SynthFace, { noseTip: [x, y] }: FaceGeometry): void {
  const { skin, nose, light } = person;
  const deep = skinShadow(skin, 0.62);
  const dark = light.side >= 0 ? -1 : 1;
  const bridge = pose.yaw * 2.5;
  const flank = sketch.linear(
    [x, 0],
    [x + dark * 15, 0],
    [
      [0, deep, 0],
      [0.45, deep, 0.3],
      [1, deep, 0],
    ],
  );
  const sideData = pathData`M${bridge + dark * 3} -14Q${bridge + dark * 15} -8 ${bridge + dark * 10} 4Q${x + dark * 7} ${y * 0.55} ${x + dark * (nose.width + 3)} ${y}L${x + dark * 4} ${y + 3}Q${bridge + dark * 1} ${y * 0.5} ${bridge + dark * 3} -14Z`;
  sketch.path(sideData, { fill: flank });
  const ridge = sketch.linear(
    [0, -8],
    [0, y],
    [
      [0, WHITE, 0.02],
      [0.7, WHITE, 0.3],
      [1, WHITE, 0.1],
    ],
  );
  sketch.path(
    pathData`M${bridge - dark * 2} -8Q${bridge - dark * 5} ${y * 0.5} ${x - dark * 4.5} ${y - 2}L${x + dark} ${y - 2}Q${bridge + dark} ${y * 0.5} ${bridge - dark * 2} -8Z`,
    { fill: ridge },
  );
  sketch.glow(x, y + 8, nose.width + 5, 8, deep, 0.5);
  sketch.glow(x - dark * 2, y - 1, 8, 7, WHITE, 0.42);
  for (const side of [-1, 1]) {
    const [inner, wing] = [x + side * nose.width * 0.42, x + side * nose.width];
    const alar = pathData`M${wing - side * 1.5} ${y - 6}Q${wing + side * 4} ${y + 2} ${wing - side * 1} ${y + 7}Q${wing - side * 4} ${y + 8.5} ${inner + side * 4} ${y + 6.5}`;
    sketch.path(alar, { stroke: deep, strokeWidth: 2, opacity: 0.75 });
    sketch.ellipse(inner + side * 1, y + 6.6, 3.6, 2.1, { fill: skinShadow(skin, 0.86), opacity: 0.85 });
  }
}
