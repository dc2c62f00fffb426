/** Ink to light without a colour profile, as Pillow's convert("RGB") does it. */

/** One of R, G, B from the matching ink and black, each 0 (none) to 255 (full). */
export function cmykToRgb(ink: number, black: number): number {
  const light = 255 - black;
  const product = ink * light + 128; // divided by 255 and rounded, as Pillow rounds
  return Math.max(0, light - (((product >> 8) + product) >> 8));
}
