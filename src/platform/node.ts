/** The platform on Node.js. */
import { createHash } from "node:crypto";
import type { Platform } from "./platform.js";

export const sha256: Platform["sha256"] = async (parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};
