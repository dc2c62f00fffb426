/** `elegant train` saves on Ctrl-C and SIGTERM, and continues with --resume. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { listCheckpoints } from "../../src/models/checkpoint-store.js";
import { readLossLog } from "../../src/training/log.js";
import { fromRoot } from "../support/spawn.js";
import { SMALL, useTrainingFaces } from "../support/use-training-faces.js";

describe("elegant train", () => {
  const { at, data, train } = useTrainingFaces();

  it("saves on Ctrl-C and SIGTERM, exits with 130, and continues with --resume", async () => {
    const run = at("stopped");
    let held = 0;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const more = signal === "SIGINT" ? [] : ["--resume"];
      const args = [fromRoot("bin/elegant.js"), "train", data(), "--out", run, ...SMALL, ...more];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => {
        // This is the last line of the start. From here on, the command reacts to a signal.
        if (/training pictures/.test(chunk.toString()) && !stdout.includes("training pictures")) {
          setTimeout(() => child.kill(signal), 400);
        }
        stdout += chunk.toString();
      });
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const code = await new Promise((resolve) => child.on("close", resolve));
      assert.equal(code, 130, stderr);
      assert.match(stdout, /Stopping after this step and saving; Ctrl-C again stops immediately, without saving\.\n$/);
      const step = Number(
        /^elegant: Interrupted: step (\d+) is saved\. Continue with .*--resume\.$/m.exec(stderr)?.[1],
      );
      assert.ok(step >= held, stderr);
      assert.equal((await listCheckpoints(run)).at(-1)?.step, step);
      assert.equal((await readLossLog(join(run, "losses.jsonl"))).length, 2 * step);
      held = step;
    }
    const { code, stdout } = await train(run, "--resume", "--steps", String(held + 1));
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`going on after step ${held}\nplan: .* measured\n.*step ${held + 1}, `));
  });
});
