/** Converts CMYK to RGB without a colour profile, like Pillow's convert("RGB"). */

/** R, G or B from its complementary ink and from black, each 0 (none) to 255 (full). */
export function cmykToRgb(ink: number, black: number): number {
  const light = 255 - black;
  const product = ink * light + 128; // for dividing by 255 with Pillow's rounding
  return Math.max(0, light - (((product >> 8) + product) >> 8));
}
