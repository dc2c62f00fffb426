/** Measures whether edits keep the person, by the distance of face descriptors. */
import { descriptorDistance, FaceDescriptors } from "../detection/descriptors.js";
import { SAME_PERSON } from "../detection/recognition.js";
import type { RgbaImage } from "../types.js";

export interface ComparedPair {
  /** Position of the input in the data set's files. */
  readonly input: number;
  readonly inputPicture: RgbaImage;
  readonly swap: RgbaImage;
}

export class Persons {
  private readonly descriptors: FaceDescriptors;
  /** Descriptors of inputs, because most attributes share their inputs. */
  private readonly known = new Map<number, Float32Array>();

  private constructor(descriptors: FaceDescriptors) {
    this.descriptors = descriptors;
  }

  /** @param threads number of threads of the network's kernels */
  static async open(threads: number): Promise<Persons> {
    return new Persons(await FaceDescriptors.open(threads));
  }

  /** The share of pairs whose descriptors differ by less than 0.6, and the mean distance. */
  async compare(pairs: readonly ComparedPair[]): Promise<{ readonly same: number; readonly distance: number }> {
    const fresh = pairs.filter(({ input }) => !this.known.has(input));
    const described = await this.descriptors.describe(fresh.map(({ inputPicture }) => inputPicture));
    for (const [i, { input }] of fresh.entries()) this.known.set(input, described[i]);
    const edited = await this.descriptors.describe(pairs.map(({ swap }) => swap));
    const distances = pairs.map(({ input }, i) => descriptorDistance(this.known.get(input)!, edited[i]));
    return {
      same: distances.filter((distance) => distance < SAME_PERSON).length / pairs.length,
      distance: distances.reduce((sum, distance) => sum + distance, 0) / pairs.length,
    };
  }

  close(): Promise<void> {
    return this.descriptors.close();
  }
}
