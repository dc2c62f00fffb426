/** Which network made features, and how. Files store it, so that features of different networks are never compared. */
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import { INCEPTION_MODES, type InceptionMode } from "../image/inception-input.js";
import type { NpyArray } from "../interop/npy.js";

export interface FeatureOrigin {
  /** The network's name and weights. */
  readonly network: string;
  /** True if scores may be compared with published ones. */
  readonly comparable: boolean;
  /** How images were resized; null for files of versions that did not record it. */
  readonly mode: InceptionMode | null;
  /** "part 0 of 4" for the features of one machine's images; null for the features of all images. */
  readonly part: string | null;
}

const schema = z.object({
  kind: z.enum(["elegant-features", "elegant-statistics"]),
  network: z.string(),
  comparable: z.boolean(),
  mode: z.enum(INCEPTION_MODES).optional(),
  shard: z.object({ index: z.number(), count: z.number() }).optional(),
});

/** Text as an array for .npz: one number per byte of UTF-8. */
export function encodeText(value: unknown): NpyArray {
  const text = new TextEncoder().encode(JSON.stringify(value));
  return { shape: [text.length], data: Float32Array.from(text) };
}

/** The value that encodeText() encoded; undefined for an array that does not contain such text. */
export function decodeText({ data }: NpyArray): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(data)));
  } catch {
    return undefined;
  }
}

/** The origin in `about` of an .npz; null if it is missing or not ours, whatever its type. */
export function readOrigin(about: (() => NpyArray) | undefined): FeatureOrigin | null {
  let text: NpyArray;
  try {
    if (about === undefined) return null;
    text = about();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
  const parsed = schema.safeParse(decodeText(text));
  if (!parsed.success) return null;
  const { network, comparable, mode = null, shard } = parsed.data;
  const part = shard === undefined || shard.count === 1 ? null : `part ${shard.index} of ${shard.count}`;
  return { network, comparable, mode, part };
}

/** `about` of statistics. */
export const encodeOrigin = ({ network, comparable, mode }: FeatureOrigin): NpyArray =>
  encodeText({ kind: "elegant-statistics", version: 1, network, comparable, ...(mode === null ? {} : { mode }) });

/** Something whose features have an origin; null or absent if it is unknown. */
export interface WithOrigin {
  readonly source: string;
  readonly origin?: FeatureOrigin | null;
}

const describe = ({ network, mode }: FeatureOrigin): string =>
  `features of ${network}${mode === null ? "" : `, mode ${mode}`}`;

/** @throws InputError that names both sides if two known origins differ */
export function expectOneOrigin(sides: readonly WithOrigin[]): void {
  const [first, ...others] = sides.flatMap(({ source, origin }) => (origin == null ? [] : [{ source, origin }]));
  for (const { source, origin } of others) {
    const sameMode = first.origin.mode === null || origin.mode === null || first.origin.mode === origin.mode;
    if (first.origin.network === origin.network && sameMode) continue;
    const remedy = "Save one of them again with the network, weights and mode of the other.";
    const expected = `${describe(first.origin)}, as ${first.source} has`;
    throw new InputError(describeMismatch(source, expected, describe(origin), remedy));
  }
}

/** The common properties of the sides of a comparison. */
export interface CommonOrigin {
  /** "as given" if no side states it. */
  readonly network: string;
  readonly comparable: boolean;
  readonly mode: InceptionMode | null;
  readonly warnings: readonly string[];
}

/** @throws InputError like expectOneOrigin() */
export function commonOrigin(sides: readonly WithOrigin[]): CommonOrigin {
  expectOneOrigin(sides);
  const known = sides.flatMap(({ origin }) => (origin == null ? [] : [origin]));
  const parts = sides.flatMap(({ source, origin }) =>
    origin?.part == null ? [] : [`${source} is ${origin.part} only; elegant merge puts all parts together.`],
  );
  return {
    network: known[0]?.network ?? "as given",
    comparable: known.every(({ comparable }) => comparable),
    mode: known.find(({ mode }) => mode !== null)?.mode ?? null,
    warnings: parts,
  };
}
