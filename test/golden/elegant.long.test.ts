/** Training updates on webgpu against a golden file of our own. */
import assert from "node:assert/strict";
import { useOwnGolden } from "../support/golden.js";
import { check, failed } from "../support/golden-check.js";
import { hasWebgpu } from "../support/webgpu.js";

describe("golden/elegant", () => {
  const own = useOwnGolden();

  it("agrees on webgpu with it as well", async function () {
    if (!(await hasWebgpu())) this.skip();
    assert.deepEqual(failed(await check(own(), "webgpu")), []);
  });
});
