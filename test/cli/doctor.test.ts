/** The findings of `elegant doctor` for described machines, and its output on this one. */
import assert from "node:assert/strict";
import { formatTable, listFindings, listModels } from "../../src/cli/doctor.js";
import type { Capabilities } from "../../src/device/node/capabilities.js";
import { describeMachine } from "../../src/device/node/machine.js";
import { describeAdapter } from "../../src/device/webgpu/request-device.js";
import { fromRoot, runNode } from "../support/spawn.js";

const HEALTHY: Capabilities = {
  node: { needed: "20.19", ok: true },
  simd: true,
  kernelBuild: "relaxed",
  threads: true,
  kernels: [{ name: "image.wasm", state: "ok" }],
  packages: [
    { name: "webgpu", gives: "the webgpu device", state: "missing", version: null, remedy: "npm install webgpu" },
  ],
  adapter: { adapter: null, problem: "webgpu is not installed" },
  device: { name: "wasm", reason: "no native TensorFlow is installed" },
};

describe("doctor", () => {
  it("finds no problem where only optional packages are missing", () => {
    assert.deepEqual(
      listFindings(HEALTHY).map(({ state }) => state),
      ["ok", "ok", "ok", "ok", "optional", "optional"],
    );
  });

  it("says what to do about each thing that is missing", () => {
    const findings = listFindings({
      ...HEALTHY,
      node: { needed: "20.19", ok: false },
      simd: false,
      threads: false,
      kernels: [{ name: "image.wasm", state: "missing" }],
    });
    const texts = findings.filter(({ state }) => state === "problem").map(({ text }) => text);
    assert.equal(texts.length, 3);
    assert.match(texts[0], /install 20\.19 or newer/);
    assert.match(texts[2], /npm run build/);
    // This is not a problem: one thread gives the same results.
    const threads = findings.find(({ name }) => name === "Threads");
    assert.equal(threads?.state, "optional");
    assert.match(threads?.text ?? "", /^one thread: this engine has no SharedArrayBuffer/);
  });

  it("prints a table whose columns are aligned", () => {
    const lines = formatTable(describeMachine(), listFindings(HEALTHY), HEALTHY);
    const column = lines.find((line) => line.includes("WebAssembly SIMD"))?.indexOf("the relaxed build");
    assert.equal(lines.find((line) => line.startsWith("    CPU"))?.search(/\S/), 4);
    assert.equal(lines.find((line) => line.includes("webgpu"))?.indexOf("not installed"), column);
    assert.equal(lines.at(-1), "--device auto takes wasm here: no native TensorFlow is installed.");
  });

  it("names the adapter, whether it is software, and what fits on it", () => {
    const limits = { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 30 };
    const text = (isFallbackAdapter: boolean): string => {
      const info = { vendor: "v", architecture: "a", device: "", description: "Card 1", isFallbackAdapter };
      const adapter = describeAdapter({ info, limits } as unknown as GPUAdapter);
      return listFindings({ ...HEALTHY, adapter: { adapter, problem: null } }).at(-1)?.text ?? "";
    };
    assert.equal(text(false), "Card 1 (GPU), buffers up to 2.0 GiB, tensors up to 1.0 GiB");
    assert.match(text(true), /software, never taken by auto/);
    assert.equal(listFindings(HEALTHY).at(-1)?.text, "none: webgpu is not installed");
  });

  it("lists the shipped models and says that the MIT licence does not cover the one trained on photos", () => {
    const [painted, real] = listModels();
    assert.deepEqual([painted.name, painted.state], ["Model painted", "ok"]);
    assert.match(painted.text, /under the MIT licence/);
    assert.deepEqual([real.name, real.state], ["Model celeba-hq", "ok"]);
    assert.match(real.text, /non-commercial research only\. The MIT licence does not cover it/);
    const [missing] = listModels({ gone: { path: "/nowhere.safetensors", terms: null } });
    assert.deepEqual([missing.state, missing.name], ["optional", "Model gone"]);
    assert.match(missing.text, /nowhere\.safetensors is missing: install elegant-faces again/);
  });

  it("prints one JSON object and exits with 0, or 3 when something is missing", async () => {
    const { code, stdout, stderr } = await runNode(fromRoot("bin/elegant.js"), ["doctor", "--json"]);
    const report = JSON.parse(stdout) as Capabilities & {
      ok: boolean;
      problems: string[];
      machine: { cores: number };
    } & {
      models: { name: string; terms: string | null }[];
    };
    assert.equal(stderr, "");
    assert.equal(code, report.ok ? 0 : 3);
    assert.equal(report.ok, report.problems.length === 0);
    assert.deepEqual(
      report.models.map(({ name, terms }) => [name, terms === null]),
      [
        ["painted", true],
        ["celeba-hq", false],
      ],
    );
    assert.ok(report.node.ok && report.simd && report.machine.cores >= 1);
  });
});
