/** The networks that turn images into features, by their names on the command line. */
import { describeMismatch, InputError } from "../errors.js";
import type { FeatureExtractor } from "./extract.js";
import {
  createInception,
  INCEPTION_SIZE,
  type InceptionDims,
  inceptionFeatures,
  randomInceptionTensors,
} from "./inception.js";
import { installedWeights, readWeights } from "./inception-weights.js";

export const EXTRACTORS = ["inception", "random-inception"] as const;
export type ExtractorName = (typeof EXTRACTORS)[number];

export interface OpenedExtractor {
  readonly extractor: FeatureExtractor;
  /** Key that changes with everything that the features depend on. */
  readonly key: string;
  dispose(): void;
}

/**
 * Opens a network on the current device.
 * @param weights a file; without one, the installed weights are used
 * @throws InputError if there are no weights
 */
export async function openExtractor(
  name: ExtractorName,
  dims: InceptionDims,
  weights: string | undefined,
  seed: number,
): Promise<OpenedExtractor> {
  const build = (tensors: Parameters<typeof createInception>[0], label: string, comparable: boolean, key: string) => {
    const network = createInception(tensors, dims, label);
    const extractor: FeatureExtractor = {
      name: label,
      comparable,
      dims,
      size: INCEPTION_SIZE,
      extract: (images) => inceptionFeatures(network, images),
    };
    return { extractor, key: `${key} ${dims}`, dispose: () => network.dispose() };
  };
  if (name === "random-inception") {
    const label = `random-inception, seed ${seed}`;
    return build(randomInceptionTensors(seed, dims), label, false, label);
  }
  const found = weights === undefined ? await installedWeights() : await readWeights(weights);
  if (found === null) {
    const remedy =
      "Run 'elegant weights' to see where to get them, or compare without published weights: --features random-inception.";
    throw new InputError(describeMismatch("--weights", "the weights of Inception for images", "none", remedy));
  }
  const label = found.published ? "inception 2015-12-05" : `inception with weights ${found.sha256.slice(0, 8)}`;
  return build(found.tensors, label, found.published, found.sha256);
}
