/** Groups near-duplicates without comparing all pairs. */
import { type Fingerprints, type Likeness, MOST_DISTANCE } from "./fingerprints.js";

export interface DuplicateMember extends Likeness {
  /** Position of the image. */
  readonly index: number;
}

export interface DuplicateGroup {
  /** Position of the group's first image. */
  readonly first: number;
  /** The other images, in their order, each compared with the first. At least one. */
  readonly others: readonly DuplicateMember[];
}

const PARTS = 4;
const VALUES = 2 ** 16;

/**
 * All differences of a part that a near-duplicate may have: at most a quarter of MOST_DISTANCE bits. If all four parts of two
 * hashes differed in more bits, the hashes would differ in more than MOST_DISTANCE bits.
 */
const DIFFERENCES: readonly number[] = (() => {
  const found = new Set([0]);
  for (let bits = 0; bits < Math.floor(MOST_DISTANCE / PARTS); bits++) {
    for (const known of [...found]) for (let bit = 0; bit < 16; bit++) found.add(known | (1 << bit));
  }
  return [...found];
})();

/** Images by the four parts of their hashes (multi-index hashing). Finds every near-duplicate of an image. */
class Index {
  /** The newest image for each value of each part, [PARTS, VALUES], and the image before it, [PARTS, images]; -1 for none. */
  private readonly heads = new Int32Array(PARTS * VALUES).fill(-1);
  private readonly before: Int32Array;
  /** The image that was last compared with this one. */
  private readonly compared: Int32Array;
  private readonly prints: Fingerprints;

  constructor(prints: Fingerprints) {
    this.prints = prints;
    this.before = new Int32Array(PARTS * prints.length).fill(-1);
    this.compared = new Int32Array(prints.length).fill(-1);
  }

  add(index: number): void {
    for (let part = 0; part < PARTS; part++) {
      const value = part * VALUES + this.prints.part(index, part, false);
      this.before[part * this.prints.length + index] = this.heads[value];
      this.heads[value] = index;
    }
  }

  /** The image of the index that is the best match, or null. Of equally good ones, the first. */
  findNearest(index: number): { readonly first: number; readonly likeness: Likeness } | null {
    let first = -1;
    let best: Likeness | null = null;
    for (const mirrored of [false, true]) {
      for (let part = 0; part < PARTS; part++) {
        const value = this.prints.part(index, part, mirrored);
        for (const difference of DIFFERENCES) {
          let other = this.heads[part * VALUES + (value ^ difference)];
          for (; other >= 0; other = this.before[part * this.prints.length + other]) {
            if (this.compared[other] === index) continue;
            this.compared[other] = index;
            const likeness = this.prints.compare(index, other);
            if (likeness === null) continue;
            const gain = likeness.correlation - (best?.correlation ?? 0);
            if (gain < 0 || (gain === 0 && other > first)) continue;
            first = other;
            best = likeness;
          }
        }
      }
    }
    return best === null ? null : { first, likeness: best };
  }
}

/**
 * Groups the near-duplicates of a data set. Each image, in the order of positions, joins the group of the best match among
 * the earlier images that did not join a group themselves. So every image is a near-duplicate of its group's first, and
 * the images that stay if you keep only the first of each group have no near-duplicates among them.
 * @returns groups of two and more images, by their first images
 */
export function groupDuplicates(prints: Fingerprints): readonly DuplicateGroup[] {
  const index = new Index(prints);
  const groups = new Map<number, DuplicateMember[]>();
  for (let i = 0; i < prints.length; i++) {
    if (!prints.isComparable(i)) continue;
    const nearest = index.findNearest(i);
    if (nearest === null) {
      index.add(i);
      continue;
    }
    const member = { index: i, ...nearest.likeness };
    const others = groups.get(nearest.first);
    if (others === undefined) groups.set(nearest.first, [member]);
    else others.push(member);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([first, others]) => ({ first, others }));
}
