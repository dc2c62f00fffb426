/** The mean absolute error on webgpu against the reference implementation. */
import { assertLikeReference, makeCase } from "../support/mean-absolute-error-cases.js";
import { hasWebgpu, onDevice } from "../support/webgpu.js";

describe("the mean absolute error", () => {
  it("has the reference implementation's value and gradients on webgpu", async function () {
    if (!(await hasWebgpu())) return this.skip();
    await onDevice("webgpu", () => assertLikeReference([1, 6, 33_001].map(makeCase)));
  });
});
