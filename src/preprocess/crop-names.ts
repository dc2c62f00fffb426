/**
 * The names of several crops of one photo: `a.jpg`, `a-2.jpg`, `a-3.jpg`. A photo whose own name ends like the second
 * one counts from the first crop on: `a-2` gives `a-2-1.jpg`, `a-2-2.jpg`. So no crop of a photo has the name of
 * another photo's crop, and names depend on nothing but the photo's own.
 */

/** The most faces of a photo. Names with longer numbers, such as dates, are then left as they are. */
export const MOST_FACES = 999;
const ENDS_AS_FACE = /-[1-9]\d{0,2}$/;

/** The name of the first crop without its ending. @param stem the photo's name without its ending */
export function firstFaceStem(stem: string): string {
  return ENDS_AS_FACE.test(stem) ? `${stem}-1` : stem;
}

/** The name or path of crop `number` (from 1) of a photo. @param first that of the first crop, with an ending */
export function faceName(first: string, number: number): string {
  if (number === 1) return first;
  const dot = first.lastIndexOf(".");
  return `${first.slice(0, dot).replace(/-1$/, "")}-${number}${first.slice(dot)}`;
}
