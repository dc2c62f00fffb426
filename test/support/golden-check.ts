/** Checks of golden training updates on a device. */
import { openDevice } from "../../src/device/open.js";
import { passes, type Quantity } from "../../src/golden/compare.js";
import { checkElegant } from "../../src/golden/elegant.js";
import type { ElegantGolden } from "../../src/golden/elegant-schema.js";

export async function check(golden: ElegantGolden, name: "wasm" | "webgpu" = "wasm"): Promise<Quantity[]> {
  const device = await openDevice(name, 2);
  try {
    return await checkElegant(golden, "golden", () => {});
  } finally {
    await device.close();
  }
}

export const failed = (quantities: readonly Quantity[]): string[] =>
  quantities.flatMap((quantity) => (passes(quantity) ? [] : [`${quantity.name}: ${quantity.error} ${quantity.at}`]));
