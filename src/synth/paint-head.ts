/** Paints body, neck and ears, and the skin of the head with its shading, stubble and marks of age. In face units. */
import { Random } from "../random.js";
import { BLACK, mix, type Rgb, shade, skinShadow, WHITE } from "./colour.js";
import type { SynthFace } from "./face.js";
import type { FaceGeometry } from "./geometry.js";
import { closedCurve, curve, type Point, pathData, type Sketch } from "./sketch.js";

export function paintBody(sketch: Sketch, { person, styles }: SynthFace, geometry: FaceGeometry): void {
  const { skin, clothing } = person;
  const neck = geometry.width * (0.56 + 0.13 * styles.male.jaw);
  const chin = geometry.chin[1];
  const shoulders = clothing.shoulders + 22 * styles.male.jaw;
  const neckFill = sketch.linear(
    [0, 60],
    [0, 210],
    [
      [0, skinShadow(skin, 0.5)],
      [0.5, skinShadow(skin, 0.36)],
      [0.85, skinShadow(skin, 0.1)],
    ],
  );
  const data = pathData`M${-neck} 50C${-neck * 0.95} 120 ${-neck} 145 ${-neck * 1.25} 165L${-shoulders * 0.8} 205L${-shoulders * 0.8} 330L${shoulders * 0.8} 330L${shoulders * 0.8} 205L${neck * 1.25} 165C${neck} 145 ${neck * 0.95} 120 ${neck} 50Z`;
  sketch.path(data, { fill: neckFill });
  sketch.glow(geometry.chin[0], chin + 14, neck * 0.95, 22, skinShadow(skin, 0.75), 0.55);
  for (const side of [-1, 1]) {
    // The two long muscles of the neck.
    const strand = pathData`M${side * neck * 0.8} ${chin + 12}Q${side * neck * 0.6} 165 ${side * 8} 186`;
    sketch.path(strand, { stroke: skinShadow(skin, 0.5), strokeWidth: 4, opacity: 0.3 });
  }
  paintClothing(sketch, person, neck, shoulders);
}

function paintClothing(sketch: Sketch, { clothing }: SynthFace["person"], neck: number, shoulders: number): void {
  const { colour, collar } = clothing;
  const light = shade(colour, 0.14);
  const dark = shade(colour, -0.4);
  const fill = sketch.linear(
    [-shoulders, 160],
    [shoulders, 420],
    [
      [0, light],
      [0.55, colour],
      [1, dark],
    ],
  );
  const dip = { crew: 196, "v-neck": 250, shirt: 232, turtleneck: 160 }[collar];
  const start = collar === "turtleneck" ? neck * 1.06 : neck * 1.3;
  const rise = collar === "turtleneck" ? 146 : 168;
  const sharp = collar === "v-neck" || collar === "shirt";
  const opening = sharp
    ? pathData`L0 ${dip}L${-start} ${rise}`
    : pathData`C${start * 0.7} ${dip + 6} ${-start * 0.7} ${dip + 6} ${-start} ${rise}`;
  const body = pathData`M${-start} ${rise}C${-shoulders * 0.6} 195 ${-shoulders} 200 ${-shoulders - 8} 270L${-shoulders - 40} 1400L${shoulders + 40} 1400L${shoulders + 8} 270C${shoulders} 200 ${shoulders * 0.6} 195 ${start} ${rise}`;
  sketch.path(`${body}${opening}Z`, { fill });
  const edge = sharp
    ? pathData`M${-start} ${rise}L0 ${dip}L${start} ${rise}`
    : pathData`M${-start} ${rise}C${-start * 0.7} ${dip + 6} ${start * 0.7} ${dip + 6} ${start} ${rise}`;
  sketch.path(edge, { stroke: dark, strokeWidth: 5, opacity: 0.7 });
  if (collar === "turtleneck") {
    const roll = pathData`M${-start} ${rise}C${-start * 0.7} 158 ${start * 0.7} 158 ${start} ${rise}L${start * 1.15} 184C${start * 0.6} 202 ${-start * 0.6} 202 ${-start * 1.15} 184Z`;
    sketch.path(roll, { fill: light, stroke: dark, strokeWidth: 1.5 });
  }
  if (collar === "shirt") {
    for (const side of [-1, 1]) {
      const wing = pathData`M${side * start} ${rise - 6}L${side * start * 1.25} ${rise + 14}L${side * 34} 246L0 ${dip}Z`;
      sketch.path(wing, { fill: light, stroke: dark, strokeWidth: 2 });
    }
    sketch.path(pathData`M0 ${dip}L0 700`, { stroke: dark, strokeWidth: 2.5, opacity: 0.6 });
  }
  // Soft folds below the arms.
  for (const side of [-1, 1]) {
    const fold = pathData`M${side * shoulders * 0.75} 320Q${side * shoulders * 0.7} 420 ${side * shoulders * 0.8} 600`;
    sketch.path(fold, { stroke: BLACK, strokeWidth: 9, opacity: 0.14 });
  }
}

export function paintEars(sketch: Sketch, { person, pose }: SynthFace, geometry: FaceGeometry): void {
  const { skin } = person;
  for (const side of [-1, 1]) {
    const x = side * (geometry.width + 2) - pose.yaw * 4;
    sketch.ellipse(x, 10, 9.5, 19, { fill: skinShadow(skin, 0.16), stroke: skinShadow(skin, 0.45), strokeWidth: 1.2 });
    const inner = pathData`M${x + side * 3} -2Q${x + side * 8} 4 ${x + side * 3} 14Q${x} 18 ${x + side * 1} 24`;
    sketch.path(inner, { stroke: skinShadow(skin, 0.6), strokeWidth: 2.6, opacity: 0.6 });
  }
}

export function paintHead(sketch: Sketch, face: SynthFace, geometry: FaceGeometry): void {
  const { person, styles, pose } = face;
  const { skin, light } = person;
  const { width: w, chin } = geometry;
  const outline = closedCurve(geometry.outline);
  const base = sketch.radial(
    [light.side * 26, -18],
    150,
    [
      [0, mix(skin, WHITE, 0.16)],
      [0.4, skin],
      [0.72, skinShadow(skin, 0.13)],
      [1, skinShadow(skin, 0.42)],
    ],
    1.05,
  );
  sketch.path(outline, { fill: base });
  const dark = light.side >= 0 ? -1 : 1;
  const fall = sketch.linear(
    [dark * w * 0.15, 0],
    [dark * w, 12],
    [
      [0, skinShadow(skin, 0.6), 0],
      [1, skinShadow(skin, 0.6), 0.3 + 0.35 * light.strength * Math.abs(light.side)],
    ],
  );
  sketch.path(outline, { fill: fall });
  for (const side of [-1, 1]) {
    // Eye sockets, temples, hollows of the cheeks, and the blush.
    const eye = side < 0 ? geometry.leftEye : geometry.rightEye;
    sketch.glow(eye[0] - side * 2, eye[1] - 7, 25, 17, skinShadow(skin, 0.5), 0.42);
    sketch.glow(side * w * 0.78, 56, 14, 34, skinShadow(skin, 0.5), 0.3);
    const rise = styles.smiling ? 7 : 0;
    const cheekX = side * 42 + pose.yaw * 4;
    sketch.glow(cheekX, 40 - rise, 25, 20, mix(skin, [224, 72, 76], 0.75), 0.14 + 0.34 * person.blush);
    sketch.glow(cheekX - side * 2, 27 - rise, 17, 11, WHITE, styles.smiling ? 0.32 : 0.2);
  }
  sketch.glow(light.side * 12, -52, 46, 26, WHITE, 0.2);
  sketch.glow(chin[0], chin[1] - 12, 17, 11, WHITE, 0.16);
  sketch.glow(geometry.mouth[0], geometry.mouth[1] + 17, 20, 7, skinShadow(skin, 0.6), 0.3);
  if (styles.male.stubble > 0) paintStubble(sketch, face, geometry);
  if (person.freckles) paintFreckles(sketch, face);
  if (person.age > 0) paintAge(sketch, face, geometry);
}

function paintStubble(sketch: Sketch, { person, styles }: SynthFace, { mouth, chin, outline }: FaceGeometry): void {
  const colour = mix(mix(styles.hairColour.base, [40, 34, 34], 0.6), person.skin, 0.12);
  const jaw = outline.filter(([, y]) => y > 30);
  const upper: Point[] = [
    [-54, 48],
    [-36, 64],
    [mouth[0], 54],
    [36, 64],
    [54, 48],
  ];
  const fill = sketch.linear(
    [0, 34],
    [0, chin[1] - 14],
    [
      [0, colour, 0.08],
      [0.5, colour, 0.42 * styles.male.stubble],
      [1, colour, 0.6 * styles.male.stubble],
    ],
  );
  sketch.path(`${curve(jaw)}${curve(upper, true)}Z`, { fill });
}

function paintFreckles(sketch: Sketch, { person, pose }: SynthFace): void {
  const random = Random.fromSeed(person.background.seed, "freckles");
  const colour: Rgb = mix(person.skin, [130, 62, 24], 0.6);
  for (let i = 0; i < 26; i++) {
    const x = random.normal() * 26 + pose.yaw * 5;
    sketch.ellipse(x, 30 + random.normal() * 8, 1.3, 1.2, { fill: colour, opacity: 0.55 });
  }
}

function paintAge(sketch: Sketch, { person }: SynthFace, geometry: FaceGeometry): void {
  const { age } = person;
  const stroke = skinShadow(person.skin, 0.62);
  const line = (data: string, strokeWidth: number): void =>
    sketch.path(data, { stroke, strokeWidth, opacity: 0.25 + 0.3 * age });
  for (const side of [-1, 1]) {
    const eye = side < 0 ? geometry.leftEye : geometry.rightEye;
    line(pathData`M${eye[0] - side * 13} 11Q${eye[0]} 19 ${eye[0] + side * 15} 10`, 2.4);
    line(
      pathData`M${eye[0] + side * 22} -2L${eye[0] + side * 29} -6M${eye[0] + side * 22} 3L${eye[0] + side * 30} 4`,
      1.6,
    );
    line(pathData`M${side * 17 + geometry.noseTip[0]} 50Q${side * 33} 62 ${side * 37} 84`, 2.6);
  }
  for (let i = 0; i < 3; i++) line(pathData`M-30 ${-58 + i * 10}Q0 ${-62 + i * 10} 30 ${-58 + i * 10}`, 1.6);
}
