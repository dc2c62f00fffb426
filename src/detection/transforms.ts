/** transforms.json, in which `elegant align` records each crop, so that an edit can be put back into the photo. */
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";

export const TRANSFORMS_FILE = "transforms.json";
const FORMAT = "elegant-align-1";

const count = z.number().int().positive();
const finite = z.number();
export const alignedFace = z.object({
  /** Name of the crop in the folder. */
  crop: z.string().min(1),
  /** Absolute path of the photo. */
  photo: z.string().min(1),
  /** Width and height in pixels, as decoded. */
  photoSize: z.tuple([count, count]).readonly(),
  /** Side of the crop in pixels. */
  size: count,
  /** Photo -> crop. */
  matrix: z.tuple([finite, finite, finite, finite, finite, finite]).readonly(),
  /** Five landmarks in pixels of the photo, in CelebA's order. */
  points: z
    .array(z.tuple([finite, finite]).readonly())
    .length(5)
    .readonly(),
  /** The detector's confidence, 0 to 1. */
  score: finite,
});
const transforms = z.object({ format: z.literal(FORMAT), faces: z.array(alignedFace).readonly() });

/** A crop, and where it belongs in its photo: a record of transforms.json. */
export type AlignedFace = Readonly<z.infer<typeof alignedFace>>;

/** The text of transforms.json. */
export function formatTransforms(faces: readonly AlignedFace[]): string {
  return `${JSON.stringify({ format: FORMAT, faces }, null, 1)}\n`;
}

/**
 * The record of a crop in the transforms.json next to it; null if there is no such file, or if it does not name the
 * crop.
 * @throws InputError if the file exists but was not written by elegant align
 */
export async function findTransform(crop: string): Promise<AlignedFace | null> {
  const path = join(dirname(crop), TRANSFORMS_FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw fromSystemError(error, `Reading ${path}`);
  }
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    found = null;
  }
  const parsed = transforms.safeParse(found);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue.path.length > 0 ? ` at ${issue.path.join(".")}` : "";
    throw new InputError(
      describeMismatch(path, "a file that elegant align wrote", `${issue.message}${where}`, "Align the photos again."),
    );
  }
  return parsed.data.faces.find((face) => face.crop === basename(crop)) ?? null;
}
