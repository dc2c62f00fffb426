/** What `elegant doctor` reports: Node.js, kernels and optional packages. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { examineCapabilities, examineKernels, examineNode } from "../../../src/device/node/capabilities.js";
import { examinePackage, examinePackages, QUEUE_PACKAGES } from "../../../src/device/node/packages.js";
import { withFolder } from "../../support/folder.js";

describe("capabilities", () => {
  it("include SIMD and threads on every Node.js that the project supports", async () => {
    const { simd, threads, node, kernels, kernelBuild } = await examineCapabilities();
    assert.deepEqual([simd, threads, node.ok], [true, true, true]);
    assert.deepEqual(
      kernels.map(({ state }) => state),
      ["ok", "ok", "ok"],
    );
    assert.equal(kernels[2].name, kernelBuild === "plain" ? "nn.wasm" : "nn-relaxed.wasm");
  });

  it("compare versions by number, not by text", () => {
    const { needed } = examineNode("20.19.0");
    assert.match(needed, /^\d+\.\d+$/);
    const [major, minor] = needed.split(".").map(Number);
    assert.equal(examineNode(`${major}.${minor}.0`).ok, true);
    assert.equal(examineNode(`${major}.${minor + 100}.0`).ok, true);
    assert.equal(examineNode(`${major}.${minor - 1}.9`).ok, false);
    assert.equal(examineNode("9.99.0").ok, false);
    assert.equal(examineNode("100.0.0").ok, true);
  });

  it("distinguish kernels that are missing from kernels that are damaged", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "image.wasm"), Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
      await writeFile(join(folder, "nn.wasm"), "not a module");
      const states = (found: ReturnType<typeof examineKernels>): string[] => found.map(({ state }) => state);
      assert.deepEqual(states(examineKernels(folder, "plain")), ["ok", "missing", "invalid"]);
      assert.deepEqual(states(examineKernels(join(folder, "none"), "relaxed")), ["missing", "missing", "missing"]);
    }));

  it("include the packages of the queue with their versions", () => {
    const found = examinePackages().filter(({ name }) => (QUEUE_PACKAGES as readonly string[]).includes(name));
    assert.deepEqual(
      found.map(({ name, state, remedy }) => [name, state, remedy]),
      QUEUE_PACKAGES.map((name) => [name, "installed", null]),
    );
    for (const { version } of found) assert.match(version ?? "", /^\d+\.\d+\.\d+/);
  });

  it("distinguish a package that is missing from one without its native library", () =>
    withFolder(async (folder) => {
      const item = { name: "@tensorflow/tfjs-node", gives: "speed", binding: "tfjs_binding.node" };
      const examine = () => examinePackage(item, [join(folder, "none"), folder]);
      assert.deepEqual([examine().state, examine().remedy], ["missing", "npm install @tensorflow/tfjs-node"]);
      const root = join(folder, item.name);
      await mkdir(join(root, "lib", "napi-v8"), { recursive: true });
      await writeFile(join(root, "package.json"), '{"version":"4.22.0"}');
      assert.deepEqual([examine().state, examine().version], ["broken", "4.22.0"]);
      await writeFile(join(root, "lib", "napi-v8", "tfjs_binding.node"), "");
      assert.deepEqual([examine().state, examine().remedy], ["installed", null]);
    }));
});
