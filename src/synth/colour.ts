/** Colours as RGB triples, 0 to 255. */

export type Rgb = readonly [red: number, green: number, blue: number];

export const WHITE: Rgb = [255, 255, 255];
export const BLACK: Rgb = [0, 0, 0];

/** Linear mixture: t = 0 gives a, t = 1 gives b. */
export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/** Mixes the colour with black (t < 0) or white (t > 0) by |t|. */
export function shade(colour: Rgb, t: number): Rgb {
  return mix(colour, t < 0 ? BLACK : WHITE, Math.abs(t));
}

/** Makes a skin colour darker and more saturated, as in its own shadow: the channels decrease at different rates. */
export function skinShadow(skin: Rgb, depth: number): Rgb {
  return [skin[0] * (1 - 0.75 * depth), skin[1] * (1 - depth), skin[2] * (1 - 1.05 * depth)];
}

/** Brightness from 0 (black) to 255, by Rec. 601. */
export function luma(colour: Rgb): number {
  return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
}

function channel(value: number): string {
  return Math.max(0, Math.min(255, Math.round(value)))
    .toString(16)
    .padStart(2, "0");
}

/** The colour as `#rrggbb`. */
export function hex(colour: Rgb): string {
  return `#${channel(colour[0])}${channel(colour[1])}${channel(colour[2])}`;
}
