/** Paints eyeglasses: rims, bridge, temples, lenses with a reflection, and their shadow on the cheeks. In face units. */
import { luma, mix, shade, WHITE } from "./colour.js";
import type { EyeglassesStyle, SynthFace } from "./face.js";
import type { FaceGeometry } from "./geometry.js";
import { type Point, pathData, type Sketch } from "./sketch.js";

/** Half-width and half-height of the rim's centre line, and its rise at the outer corner. */
const LENS_SHAPES = {
  round: { rx: 26, ry: 25, rise: 0 },
  square: { rx: 28, ry: 20, rise: 1 },
  thick: { rx: 27, ry: 21, rise: 5 },
  dark: { rx: 29, ry: 22, rise: 3 },
} as const;

/** One lens around its centre; `side` is the outer side. */
function lensPath(style: EyeglassesStyle, [x, y]: Point, side: number): string {
  const { rx, ry, rise } = LENS_SHAPES[style.kind];
  const [a, b] = [rx * style.size, ry * style.size];
  const at = (u: number): number => x + side * u * a;
  if (style.kind === "round") {
    const k = 0.5523;
    return pathData`M${x - a} ${y}C${x - a} ${y - b * k} ${x - a * k} ${y - b} ${x} ${y - b}C${x + a * k} ${y - b} ${x + a} ${y - b * k} ${x + a} ${y}C${x + a} ${y + b * k} ${x + a * k} ${y + b} ${x} ${y + b}C${x - a * k} ${y + b} ${x - a} ${y + b * k} ${x - a} ${y}Z`;
  }
  if (style.kind === "square") {
    return pathData`M${at(-0.78)} ${y - b}L${at(0.82)} ${y - b - rise}Q${at(1)} ${y - b - rise} ${at(1)} ${y - b * 0.75}L${at(0.97)} ${y + b * 0.74}Q${at(0.96)} ${y + b} ${at(0.76)} ${y + b}L${at(-0.72)} ${y + b}Q${at(-0.94)} ${y + b} ${at(-0.95)} ${y + b * 0.74}L${at(-1)} ${y - b * 0.75}Q${at(-1)} ${y - b} ${at(-0.78)} ${y - b}Z`;
  }
  // Wayfarers and sunglasses: a flat brow line that rises outwards, and a rounded bottom.
  return pathData`M${at(-0.86)} ${y - b * 0.88}Q${at(0)} ${y - b * 1.02} ${at(0.86)} ${y - b * 0.9 - rise}Q${at(1.06)} ${y - b * 0.9 - rise} ${at(1.03)} ${y - b * 0.5}Q${at(0.98)} ${y + b * 0.72} ${at(0.4)} ${y + b}Q${at(-0.2)} ${y + b * 1.12} ${at(-0.66)} ${y + b * 0.72}Q${at(-0.96)} ${y + b * 0.3} ${at(-1)} ${y - b * 0.5}Q${at(-1.02)} ${y - b * 0.86} ${at(-0.86)} ${y - b * 0.88}Z`;
}

export function paintEyeglasses(sketch: Sketch, face: SynthFace, geometry: FaceGeometry, style: EyeglassesStyle): void {
  const { person, pose } = face;
  const { rx, ry } = LENS_SHAPES[style.kind];
  const spread = 36.5;
  const middle = (geometry.leftEye[0] + geometry.rightEye[0]) / 2 + pose.yaw * 1.5;
  const y = 3;
  const frame = style.frame;
  const bright = mix(frame, WHITE, luma(frame) > 120 ? 0.5 : 0.28);
  const rim = sketch.linear(
    [0, y - 26],
    [0, y + 26],
    [
      [0, bright],
      [0.3, frame],
      [1, shade(frame, -0.3)],
    ],
  );
  const dark = person.light.side >= 0 ? -1 : 1;
  for (const side of [-1, 1]) {
    const shadow = lensPath(style, [middle + side * spread + dark * 2, y + 5], side);
    sketch.path(shadow, { stroke: [30, 12, 8], strokeWidth: style.rim, opacity: 0.22 });
    const edge = middle + side * (spread + rx * style.size);
    const ear = side * (geometry.width + 3) - pose.yaw * 4;
    const temple = pathData`M${edge} ${y - 8}L${ear} ${y - 7}`;
    sketch.path(temple, { stroke: shade(frame, -0.25), strokeWidth: Math.max(5, style.rim * 0.75) });
  }
  for (const side of [-1, 1]) {
    const centre: Point = [middle + side * spread, y];
    const data = lensPath(style, centre, side);
    const lens = sketch.linear(
      [0, y - 22],
      [0, y + 24],
      [
        [0, shade(style.lens, style.lensOpacity > 0.5 ? -0.25 : 0.1), style.lensOpacity],
        [1, shade(style.lens, 0.1), style.lensOpacity * 0.92],
      ],
    );
    sketch.path(data, { fill: lens });
    // Two streaks of a reflection, cut so that they stay within the lens.
    const [x, up, down] = [centre[0], y - ry * 0.62, y + ry * 0.62];
    const glare = pathData`M${x - 14} ${down}L${x - 2} ${up}L${x + 8} ${up}L${x - 4} ${down}ZM${x + 1} ${down}L${x + 13} ${up}L${x + 16} ${up}L${x + 4} ${down}Z`;
    sketch.path(glare, { fill: WHITE, opacity: style.lensOpacity > 0.5 ? 0.2 : 0.16 });
    sketch.path(data, { stroke: rim, strokeWidth: style.rim });
  }
  const gap = spread - rx * style.size;
  const bridge = pathData`M${middle - gap} ${y - 6}Q${middle} ${y - 14} ${middle + gap} ${y - 6}`;
  sketch.path(bridge, { stroke: frame, strokeWidth: style.rim * 0.8 });
}
