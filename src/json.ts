/** Reads JSON that a crash may have cut short, or that another program wrote. */
import type { z } from "zod";

/** The value of a JSON text; null if the text is not JSON or does not fit the schema. */
export function parseJson<Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
