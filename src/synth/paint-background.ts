/** Paints the background behind the head, and the light over the whole photo. */
import { Random } from "../random.js";
import { BLACK, mix, type Rgb, shade, WHITE } from "./colour.js";
import type { Person, Pose } from "./face.js";
import { pathData, type Sketch } from "./sketch.js";

/** Paints in photo pixels. */
export function paintBackground(sketch: Sketch, { background }: Person, { width: w, height: h }: Pose): void {
  const random = Random.fromSeed(background.seed, "background");
  const [first, second, accent] = background.colours;
  const plain = background.pattern === "plain";
  const fill = plain
    ? sketch.linear(
        [0, 0],
        [w * random.between(0, 0.5), h],
        [
          [0, first],
          [1, second],
        ],
      )
    : first;
  sketch.rect(-1, -1, w + 2, h + 2, { fill });
  switch (background.pattern) {
    case "plain":
      sketch.glow(w * random.uniform(), h * random.uniform(), w * 0.4, h * 0.4, shade(first, 0.4), 0.5);
      break;
    case "bokeh":
      for (let i = 0; i < 16; i++) {
        const r = Math.min(w, h) * random.between(0.03, 0.12);
        const colour = mix(accent, WHITE, random.uniform() * 0.6);
        const [x, y] = [w * random.uniform(), h * random.uniform()];
        sketch.ellipse(x, y, r, r, { fill: colour, opacity: random.between(0.15, 0.45) });
      }
      break;
    case "stripes": {
      const n = 4 + random.below(6);
      const lean = w * random.between(-0.2, 0.2);
      for (let i = 0; i < n; i++) {
        const [x, step] = [(i / n) * w * 1.4 - w * 0.2, (w * 1.4) / n];
        const data = pathData`M${x} -1L${x + step * 0.5} -1L${x + step * 0.5 + lean} ${h + 1}L${x + lean} ${h + 1}Z`;
        sketch.path(data, { fill: accent, opacity: 0.45 });
      }
      break;
    }
    case "shelves":
      paintShelves(sketch, random, accent, second, w, h);
      break;
    case "landscape": {
      const horizon = h * random.between(0.35, 0.7);
      for (let i = 0; i < 3; i++) {
        const base = horizon + (h - horizon) * i * 0.3;
        const bumps = [0, 1, 2, 3].map(() => random.between(-0.1, 0.04) * h);
        const data = pathData`M-1 ${h + 1}L-1 ${base}C${w * 0.2} ${base + bumps[0]} ${w * 0.35} ${base + bumps[1]} ${w / 2} ${base}S${w * 0.85} ${base + bumps[2]} ${w + 1} ${base + bumps[3]}L${w + 1} ${h + 1}Z`;
        sketch.path(data, { fill: shade(accent, 0.25 - i * 0.25) });
      }
      break;
    }
    case "window": {
      const [x, width] = [w * random.between(-0.1, 0.7), w * random.between(0.3, 0.5)];
      const height = h * random.between(0.5, 0.75);
      sketch.rect(x, h * 0.06, width, height, { fill: mix(accent, WHITE, 0.55) });
      sketch.rect(x + width * 0.47, h * 0.06, width * 0.06, height, { fill: second });
      sketch.rect(x, h * 0.06 + height * 0.5, width, width * 0.06, { fill: second });
      break;
    }
  }
}

function paintShelves(sketch: Sketch, random: Random, accent: Rgb, wood: Rgb, w: number, h: number): void {
  const rows = 3 + random.below(3);
  const row = h / rows;
  for (let r = 0; r < rows; r++) {
    let x = 0;
    while (x < w) {
      const width = w * random.between(0.02, 0.06);
      const height = row * random.between(0.5, 0.82);
      const colour = shade(mix(accent, wood, random.uniform()), random.between(-0.35, 0.3));
      if (random.chance(0.85)) sketch.rect(x, (r + 0.92) * row - height, width * 0.92, height, { fill: colour });
      x += width;
    }
    sketch.rect(-1, (r + 0.92) * row, w + 2, row * 0.08, { fill: shade(wood, -0.45) });
  }
}

/** Colour cast and exposure, which the light adds to all colours in the same way. */
export function lightTint({ light }: Person): (colour: Rgb) => Rgb {
  const cast: Rgb = light.warmth > 0 ? [255, 170, 60] : [60, 120, 255];
  const exposure: Rgb = light.exposure > 0 ? WHITE : BLACK;
  return (colour) => mix(mix(colour, cast, 0.08 * Math.abs(light.warmth)), exposure, 0.14 * Math.abs(light.exposure));
}

/**
 * Strength of light above which its decrease across the photo is painted. A layer over everything takes a fifth of the
 * painting time.
 */
const HARD_LIGHT = 0.7;

/** Paints how hard light decreases from the lit side to the other. */
export function paintFalloff(sketch: Sketch, { light }: Person, { width: w, height: h }: Pose): void {
  if (light.strength < HARD_LIGHT) return;
  const towards = light.side >= 0 ? 1 : 0;
  const fill = sketch.linear(
    [w * towards, 0],
    [w * (1 - towards), h * 0.4],
    [
      [0, WHITE, 0.1 * light.strength],
      [0.4, BLACK, 0],
      [1, [10, 8, 24], 0.32 * light.strength],
    ],
  );
  sketch.rect(-1, -1, w + 2, h + 2, { fill });
}
