/** Compares the current device with a golden file of ../shared. */
import assert from "node:assert/strict";
import { passes } from "../../src/golden/compare.js";
import { openGolden } from "../../src/golden/verify.js";
import { sharedPath } from "./shared.js";

/**
 * Fails unless all quantities of a file are within their tolerances. The test is skipped if the file is not there.
 * @param name  within ../shared/golden/baselines
 * @param least fewer quantities mean that the check has lost some
 */
export async function assertAgrees(test: Mocha.Context, name: string, least: number): Promise<void> {
  const path = sharedPath(`golden/baselines/${name}.json`);
  if (path === null) return test.skip();
  const golden = await openGolden(path);
  const quantities = await golden.check(() => {});
  assert.ok(quantities.length > least, `${quantities.length} quantities`);
  assert.deepEqual(
    quantities.filter((quantity) => !passes(quantity)),
    [],
  );
}
