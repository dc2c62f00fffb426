/** Swaps with both models, their scores, and the sheets that show them. */

import type { Generator } from "../models/generator.js";
import type { ModelScores, Score, Sheet } from "../report/model.js";
import { SWAPPABLE_ATTRIBUTES, type SwappableAttribute } from "../synth/attributes.js";
import { changeOf, choosePairs, type HeldOutFace, type ScoredPair, strongest } from "./pairs.js";
import { meanScore, scorePairs, swapPairs } from "./scores.js";
import { DEMO_ATTRIBUTES } from "./settings.js";
import { linearSheet, manySheet, matrixSheet, type ShownSwap, swapSheet } from "./sheets.js";
import { LEADING_MEAN } from "./story.js";

/** Rows per sheet. */
const SHOWN_PAIRS = 3;

/** The pairs of one attribute and direction; empty if the held-out faces lack a side. */
export interface SwapGroup {
  readonly attribute: SwappableAttribute;
  readonly adding: boolean;
  readonly pairs: readonly ScoredPair[];
}

const isDemoAttribute = (attribute: SwappableAttribute): boolean => DEMO_ATTRIBUTES.some((name) => name === attribute);

/**
 * Pairs for the demo's attributes, and then for the other attributes of the shipped model that the painter knows.
 * @param names the shipped model's attributes
 * @param count largest number of pairs per group
 */
export async function chooseGroups(
  faces: readonly HeldOutFace[],
  names: readonly string[],
  count: number,
): Promise<readonly SwapGroup[]> {
  const more = SWAPPABLE_ATTRIBUTES.filter((name) => names.includes(name) && !isDemoAttribute(name));
  return Promise.all(
    [...DEMO_ATTRIBUTES, ...more].flatMap((attribute) =>
      [true, false].map(async (adding) => {
        return { attribute, adding, pairs: await choosePairs(faces, attribute, adding, count) };
      }),
    ),
  );
}

/** The groups of the demo's own attributes, on which both models are compared. */
export function comparedGroups(groups: readonly SwapGroup[]): readonly SwapGroup[] {
  return groups.filter(({ attribute }) => isDemoAttribute(attribute));
}

export interface Edited {
  readonly scores: ModelScores;
  readonly swaps: Sheet;
}

/** Swaps and scores all pairs with one generator. The mean in the first row is over the demo's own attributes. */
export async function editAll(
  generator: Generator,
  groups: readonly SwapGroup[],
  title: string,
  checkpoint: string,
  onSwapped: (count: number) => void,
): Promise<Edited> {
  const rows: Score[] = [];
  const leading: Score[] = [];
  const shown: ShownSwap[][] = [];
  for (const { pairs, attribute } of groups) {
    if (pairs.length === 0) continue;
    const results = await swapPairs(generator, pairs);
    const score = scorePairs(pairs, results);
    rows.push(score);
    if (isDemoAttribute(attribute)) leading.push(score);
    onSwapped(pairs.length);
    shown.push(pairs.slice(0, SHOWN_PAIRS).map((pair, i) => ({ pair, result: results[i] })));
  }
  const scores = { model: checkpoint, mean: meanScore(LEADING_MEAN, leading), rows };
  return { scores, swaps: await swapSheet(title, shown, checkpoint) };
}

/**
 * Inputs that have none of the groups' attributes, with one reference per attribute, for edits of several attributes at
 * the same time.
 * @param adding groups that add an attribute
 */
function combine(adding: readonly SwapGroup[], faces: readonly HeldOutFace[]): readonly (readonly ScoredPair[])[] {
  // With few photos, there may be no held-out face with one of them.
  if (adding.some(({ pairs }) => pairs.length === 0)) return [];
  const [first, ...others] = adding;
  const plain = new Set(
    faces.filter(({ has }) => adding.every(({ attribute }) => !has(attribute))).map(({ file }) => file),
  );
  const inputs = first.pairs.filter(({ inputFace }) => plain.has(inputFace.file));
  return inputs.map((pair, i) => [pair, ...others.map(({ pairs }) => pairs[i % pairs.length])]);
}

/** Sheets of `linear`, of `matrix` and of edits of several attributes, if there are faces for them. */
export async function moreSheets(
  generator: Generator,
  groups: readonly SwapGroup[],
  faces: readonly HeldOutFace[],
  checkpoint: string,
): Promise<readonly Sheet[]> {
  const adding = groups.filter((group) => group.adding);
  const filled = adding.filter(({ pairs }) => pairs.length > 0);
  const two = combine(comparedGroups(adding), faces);
  const all = combine(adding, faces);
  const sheets: Sheet[] = [];
  if (filled.length > 0) {
    sheets.push(
      await linearSheet(
        generator,
        filled.map(({ pairs }) => strongest(pairs)),
        checkpoint,
      ),
    );
  }
  if (two.length > 0) {
    const [across, down] = two.reduce((best, pairs) => (changeOf(pairs) > changeOf(best) ? pairs : best));
    sheets.push(await matrixSheet(generator, [across, down], checkpoint));
    sheets.push(await manySheet(generator, (all.length > 0 ? all : two).slice(0, SHOWN_PAIRS), checkpoint));
  }
  return sheets;
}
