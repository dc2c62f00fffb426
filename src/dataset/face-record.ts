/** What the records of preprocessing keep of a crop whose photo may have several: which face it is, and where. */
import { z } from "zod";

const point = z.tuple([z.number(), z.number()]).readonly();

export const faceRecordSchema = z.object({
  /** From 1, in the order of the photo's crops. */
  number: z.number().int().positive(),
  /** Number of the photo's crops. */
  of: z.number().int().positive(),
  /** The five landmarks, in pixels of the photo. */
  points: z.tuple([point, point, point, point, point]).readonly(),
  /** Why other faces of the photo have no crop; only with the first crop. */
  dropped: z.array(z.string()).readonly().exactOptional(),
  /** The detector's result and the measures of quality.csv; only for faces that were found. */
  found: z
    .object({
      score: z.number(),
      box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
      sharpness: z.number(),
      exposure: z.number(),
      clipped: z.number(),
    })
    .exactOptional(),
});
export type FaceRecord = z.infer<typeof faceRecordSchema>;
