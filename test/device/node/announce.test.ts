/** When the line about the device is printed. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deviceWords } from "../../../src/device/node/announce.js";
import { useCacheHome } from "../../support/cache.js";
import { fakeDevice } from "../../support/device.js";
import { withFolder } from "../../support/folder.js";

const wasm = (reason: string, threads = 2, isFallback = false) =>
  fakeDevice({
    description: `wasm: kernels on ${threads} threads (${reason})`,
    hardware: "wasm: kernels",
    choice: { reason, isAutomatic: reason !== "asked for", isFallback },
  });

describe("the line about the device", () => {
  const withCache = (body: () => Promise<void>): Promise<void> =>
    withFolder(async (dir) => {
      const restore = useCacheHome(dir);
      try {
        await body();
      } finally {
        restore();
      }
    });

  it("is printed the first time, when the choice changes, and with --verbose", () =>
    withCache(async () => {
      const auto = { device: "auto", verbose: false };
      assert.equal(
        await deviceWords(wasm("chosen by auto; no GPU"), auto),
        " on wasm: kernels on 2 threads (chosen by auto; no GPU)",
      );
      assert.equal(await deviceWords(wasm("chosen by auto; no GPU"), auto), "");
      assert.equal(await deviceWords(wasm("chosen by auto; no GPU", 1), auto), "", "other threads, the same choice");
      assert.notEqual(await deviceWords(wasm("chosen by auto; no GPU"), { ...auto, verbose: true }), "");
      assert.notEqual(await deviceWords(wasm("chosen by auto; no driver"), auto), "");
      assert.equal(await deviceWords(wasm("chosen by auto; no driver"), auto), "");
      assert.notEqual(await deviceWords(wasm("asked for"), { device: "wasm" }), "");
      assert.equal(await deviceWords(wasm("asked for"), { device: "wasm" }), "");
      assert.equal(await deviceWords(wasm("chosen by auto; no driver"), auto), "", "one choice does not hide another");
    }));

  it("is printed every time if a device that should work does not open", () =>
    withCache(async () => {
      const device = wasm("chosen by auto; webgpu does not open: no memory", 2, true);
      for (let i = 0; i < 2; i++) assert.notEqual(await deviceWords(device, { device: "auto" }), "");
    }));

  it("is printed again if the cache is damaged or cannot be written", () =>
    withFolder(async (dir) => {
      await writeFile(join(dir, "file"), "");
      const restore = useCacheHome(join(dir, "file"));
      try {
        for (let i = 0; i < 2; i++) assert.notEqual(await deviceWords(wasm("asked for"), { device: "wasm" }), "");
      } finally {
        restore();
      }
    }));
});
