/** StarGAN's updates against the golden numbers at 128 px. */
import { assertAgrees } from "../../support/agrees.js";
import { useWasm } from "../../support/use-device.js";

describe("methods/stargan", () => {
  useWasm(2);

  it("agrees with the published networks and training loop in float64 at 128 px", async function () {
    await assertAgrees(this, "stargan-s1-128px-b2-n5", 150);
  });
});
