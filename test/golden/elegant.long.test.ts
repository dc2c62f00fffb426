/** Training updates on webgpu against a golden file of our own. */
import assert from "node:assert/strict";
import { openDevice } from "../../src/device/open.js";
import type { ElegantGolden } from "../../src/golden/elegant-schema.js";
import { makeGolden } from "../support/golden.js";
import { check, failed } from "../support/golden-check.js";
import { hasWebgpu } from "../support/webgpu.js";

describe("golden/elegant", () => {
  let own: ElegantGolden;

  before(async () => {
    const device = await openDevice("cpu", 1);
    own = await makeGolden(9);
    await device.close();
  });

  it("agrees on webgpu with it as well", async function () {
    if (!(await hasWebgpu())) this.skip();
    assert.deepEqual(failed(await check(own, "webgpu")), []);
  });
});
