/** Material that is next to the checkout on our machines (see shared/golden, shared/faces) and nowhere else. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url)); // from dist/test/support

/** Path of shared material, or null if it is missing: the test then calls this.skip(). */
export function sharedPath(name: string): string | null {
  const path = resolve(REPOSITORY, "..", "shared", name);
  return existsSync(path) ? path : null;
}
