/** RMSProp on webgpu against TensorFlow 1's formula. */
import { openDevice } from "../../src/device/open.js";
import { compare, draw, runOnDevice, SIZES } from "../support/rmsprop-cases.js";
import { hasWebgpu } from "../support/webgpu.js";

describe("kernels/rmsprop against TensorFlow 1's formula", () => {
  it("agrees on webgpu", async function () {
    if (!(await hasWebgpu())) return this.skip();
    const device = await openDevice("webgpu", 1);
    for (const [k, size] of SIZES.entries()) compare(await runOnDevice(draw(size, k)), draw(size, k), "webgpu");
    await device.close();
  });
});
