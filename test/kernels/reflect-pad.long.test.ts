/** Mirrored padding on webgpu against the reference implementation. */
import { openDevice } from "../../src/device/open.js";
import { assertLikeTwin, makeCases, runOnDevice } from "../support/reflect-pad-cases.js";
import { hasWebgpu } from "../support/webgpu.js";

describe("kernels/reflect-pad against the reference implementation", () => {
  const cases = makeCases();

  it("agrees on webgpu", async function () {
    if (!(await hasWebgpu())) return this.skip();
    const device = await openDevice("webgpu", 1);
    for (const c of cases) assertLikeTwin(c, await runOnDevice(c));
    await device.close();
  });
});
