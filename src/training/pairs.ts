/**
 * Decides which images are trained on at each step. Each attribute has a stream of images with it and a stream of
 * images without it. Both are shuffled without end, and the last partial batch of a round is dropped (as published). An
 * image whose label is open is in neither stream of that attribute, but may be in those of others.
 *
 * A batch is a pure function of (seed, attributes, step). Nothing has to be saved, and a resumed run sees the same
 * pairs.
 */
import { createHash } from "node:crypto";
import type { FaceDataset } from "../dataset/dataset.js";
import { OPEN } from "../dataset/lists.js";
import { attributeColumns, labelInput, trainingFiles } from "../dataset/split.js";
import { describeMismatch, InputError } from "../errors.js";
import type { PairGroup } from "../methods/method.js";
import { Random } from "../random.js";

export interface PairIndices {
  /** Attributes of the pairs, in their order. */
  readonly groups: readonly PairGroup[];
  /** Positions in the data set's files, `batch` for each side. */
  readonly positive: readonly number[];
  readonly negative: readonly number[];
  /** Whether each of these images is mirrored, positives first. */
  readonly mirrored: readonly boolean[];
}

export interface PairSampler {
  /** Number of files that are used. */
  readonly size: number;
  /** Hash that changes with the files' names (without endings), labels or order; image files and packed files have the same. */
  readonly fingerprint: string;
  /** Number of updates per step: one with all attributes, or one for each. */
  readonly updatesPerStep: number;
  /** Returns the pairs of an update. @param update number of the update within the step */
  pairs(step: number, update: number): PairIndices;
  /**
   * Returns files to try in place of an unreadable one, in this order. All are of the same side, and the first one
   * depends on seed, attribute, step and slot.
   * @param slot position in the batch, positives first
   */
  substitutes(step: number, update: number, slot: number): Iterable<number>;
  /** Number of training images whose label is open, for each attribute of the model. */
  readonly open: readonly number[];
  /** Returns 0, 1, or 0.5 if the label is open, for each attribute of the model. */
  labels(file: number): readonly number[];
}

/**
 * Finds the side of an attribute (with or without it) that has the fewest training images.
 * @throws InputError as attributeColumns()
 */
export function scarcestSide(
  dataset: FaceDataset,
  attributes: readonly string[],
): { readonly count: number /** "with Bangs", "without Bangs" */; readonly having: string } {
  const columns = attributeColumns(dataset, attributes);
  const files = trainingFiles(dataset);
  return attributes
    .flatMap((name, i) => {
      const count = (value: number): number =>
        files.filter((file) => labelOf(dataset, file, columns[i]) === value).length;
      return [
        { count: count(1), having: `with ${name}` },
        { count: count(0), having: `without ${name}` },
      ];
    })
    .reduce((fewest, side) => (side.count < fewest.count ? side : fewest));
}

function labelOf({ attributes }: FaceDataset, file: number, column: number): number {
  const table = attributes as NonNullable<FaceDataset["attributes"]>; // attributeColumns() has refused a missing one.
  return table.values[file * table.names.length + column];
}

class Stream {
  private round = -1;
  private shuffled: number[] = [];

  constructor(
    readonly files: readonly number[],
    private readonly batch: number,
    private readonly order: (round: number) => Random,
  ) {}

  at(step: number): readonly number[] {
    const perRound = Math.floor(this.files.length / this.batch);
    const round = Math.floor(step / perRound);
    if (round !== this.round) {
      this.shuffled = this.order(round).shuffle([...this.files]);
      this.round = round;
    }
    const first = (step % perRound) * this.batch;
    return this.shuffled.slice(first, first + this.batch);
  }
}

export interface SamplerOptions {
  /** Number of images with the attribute, and of images without it, per update. */
  readonly batch: number;
  readonly seed: number;
  /** Whether each image is mirrored with probability 1/2; off by default. */
  readonly flip?: boolean;
  /** Whether an update has pairs of all attributes, an equal part of the batch for each; off by default. */
  readonly joint?: boolean;
}

/**
 * Creates the sampler of a run's pairs.
 * @param attributes names in the model's order
 * @throws InputError if an attribute is unknown, if it has fewer images on one side than an update needs, or if the
 * batch cannot be divided into equal parts
 */
export function createPairSampler(
  dataset: FaceDataset,
  attributes: readonly string[],
  { batch, seed, flip = false, joint = false }: SamplerOptions,
): PairSampler {
  const columns = attributeColumns(dataset, attributes);
  const files = trainingFiles(dataset);
  const share = joint ? batch / attributes.length : batch;
  if (!Number.isInteger(share)) {
    const expected = `a multiple of ${attributes.length}, an equal part for each attribute`;
    throw new InputError(describeMismatch("--batch", expected, `${batch}`, "Choose a multiple."));
  }
  const streams = columns.map((column, i) => {
    const sides = [1, 0].map((value) => {
      const side = files.filter((file) => labelOf(dataset, file, column) === value);
      if (side.length < share) {
        const having = value === 1 ? "with" : "without";
        const expected = `at least ${share} training pictures ${having} ${attributes[i]}`;
        const most = side.length * (batch / share);
        const remedy =
          side.length === 0
            ? "Choose another attribute or add pictures."
            : `Use --batch ${most} or less, or --batch auto.`;
        throw new InputError(describeMismatch("pairs", expected, String(side.length), remedy));
      }
      return new Stream(side, share, (round) => Random.fromSeed(seed, `pairs/${attributes[i]}/${value}/${round}`));
    });
    return { positive: sides[0], negative: sides[1] };
  });
  const hash = createHash("sha256");
  for (const file of files) {
    const name = dataset.files[file].replace(/\.[^./]+$/, "");
    hash.update(`${name}:${columns.map((c) => labelOf(dataset, file, c)).join("")}\n`);
  }
  /** Returns the pairs of one attribute in an update. */
  const pairsOf = (step: number, attribute: number) => {
    const random = Random.fromSeed(seed, `flip/${attributes[attribute]}/${step}`);
    const mirrored = Array.from({ length: 2 * share }, () => flip && random.chance(0.5));
    const { positive, negative } = streams[attribute];
    return {
      positive: { files: positive.at(step), mirrored: mirrored.slice(0, share) },
      negative: { files: negative.at(step), mirrored: mirrored.slice(share) },
    };
  };
  const attributesOf = (update: number): readonly number[] => (joint ? attributes.map((_, i) => i) : [update]);
  return {
    size: files.length,
    open: columns.map((column) => files.filter((file) => labelOf(dataset, file, column) === OPEN).length),
    fingerprint: hash.digest("hex").slice(0, 16),
    updatesPerStep: joint ? 1 : attributes.length,
    pairs: (step, update) => {
      const taken = attributesOf(update).map((attribute) => pairsOf(step, attribute));
      const sides = [taken.map(({ positive }) => positive), taken.map(({ negative }) => negative)];
      const [positive, negative] = sides.map((side) => side.flatMap(({ files }) => files));
      const mirrored = sides.flat().flatMap((side) => side.mirrored);
      const groups = attributesOf(update).map((attribute) => ({ attribute, pairs: share }));
      return { groups, positive, negative, mirrored };
    },
    *substitutes(step, update, slot) {
      const attribute = attributesOf(update)[Math.floor((slot % batch) / share)];
      const { files } = streams[attribute][slot < batch ? "positive" : "negative"];
      const random = Random.fromSeed(seed, `substitute/${attributes[attribute]}/${step}/${slot}`);
      const first = random.below(files.length);
      for (let i = 0; i < files.length; i++) yield files[(first + i) % files.length];
    },
    labels: (file) => columns.map((column) => labelInput(labelOf(dataset, file, column))),
  };
}
