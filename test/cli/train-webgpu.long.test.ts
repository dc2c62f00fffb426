/** A training on webgpu that another device resumes. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listCheckpoints } from "../../src/models/checkpoint-store.js";
import { readLossLog } from "../../src/training/log.js";
import { writeFaces } from "../support/faces.js";
import { fromRoot, runNode } from "../support/spawn.js";
import { hasWebgpu } from "../support/webgpu.js";

const SMALL = "--attributes Bangs --size 64 --width 4 --batch 1 --workers 1 --json".split(" ");

describe("elegant train --device webgpu", () => {
  // SwiftShader compiles for ten seconds, and samples and scores take as long as the updates.
  let folder: string;
  before(async function () {
    if (!(await hasWebgpu())) return this.skip();
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it("trains and saves, and the run continues with --resume --device wasm", async () => {
    const [data, run] = [join(folder, "faces"), join(folder, "run")];
    await writeFaces(data, 6);
    const train = async (...more: string[]): Promise<string> => {
      const args = ["train", data, "--out", run, "--verbose", ...SMALL, ...more];
      const { code, stderr } = await runNode(fromRoot("bin/elegant.js"), args);
      assert.equal(code, 0, stderr);
      return stderr;
    };
    assert.match(await train("--steps", "2", "--device", "webgpu"), /^webgpu: .*a new run/ms);
    assert.equal((await listCheckpoints(run)).at(-1)?.step, 2);
    assert.match(await train("--steps", "3", "--device", "wasm", "--resume"), /^wasm: .*going on after step 2/ms);
    assert.equal((await listCheckpoints(run)).at(-1)?.step, 3);
    const losses = await readLossLog(join(run, "losses.jsonl"));
    assert.equal(losses.length, 3);
    for (const { D, G } of losses) assert.ok(Number.isFinite(D) && Number.isFinite(G), `D ${D}, G ${G}`);
  });
});
