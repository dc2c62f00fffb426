/** Tests the queue without a Redis server: which parts are tried again, which commands are rejected, and that a part ends with its worker. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { judge } from "../../src/queue/child.js";
import { withFolder } from "../support/folder.js";
import { elegant, until } from "../support/queue.js";
import { freePort } from "../support/redis.js";
import { fromRoot } from "../support/spawn.js";

describe("queue", () => {
  it("retries what may pass, and nothing else", () => {
    const kinds = [0, 3, 2, 4, 1, 130, null].map((code) => judge({ code, reason: "why" }).kind);
    assert.deepEqual(kinds, ["done", "done", "refused", "retry", "retry", "retry", "retry"]);
  });

  it("ends a part with its worker, however that ends", () =>
    withFolder(async (dir) => {
      const script = join(dir, "worker.mjs");
      const child = JSON.stringify(fromRoot("dist/src/queue/child.js"));
      const argv = JSON.stringify(["synth", join(dir, "faces"), "--count", "20000", "--workers", "1"]);
      await writeFile(
        script,
        `import { OWN_COMMAND, runChild } from ${child};
         const { signal } = new AbortController();
         await runChild({ command: OWN_COMMAND, argv: ${argv}, cwd: ".", signal, onLine() {} });`,
      );
      const worker = spawn(process.execPath, [script], { stdio: "ignore" });
      const images = join(dir, "faces", "images");
      const count = async (): Promise<number> => (await readdir(images).catch(() => [])).length;
      await until("some photos", async () => (await count()) > 4);
      worker.kill("SIGKILL");
      await once(worker, "exit");
      let before = -1;
      await until("no more photos", async () => {
        const now = await count();
        const isStill = now === before;
        before = now;
        await sleep(500);
        return isStill;
      });
    }));

  it("says in one line that nobody answers, and what is wrong with a command, before it is queued", async () => {
    const url = `redis://user:secret@127.0.0.1:${await freePort()}`;
    for (const words of [["work"], ["status"], ["submit", "--parts", "2", "preprocess", "a", "b"]]) {
      const { code, stdout, stderr } = await elegant("queue", words[0], "--redis", url, ...words.slice(1));
      assert.deepEqual([code, stdout], [4, ""], stderr);
      assert.match(
        stderr,
        /^elegant: --redis: expected a Redis server at redis:\/\/127.0.0.1:\d+, received .*ECONNREFUSED.*\n$/,
      );
      assert.ok(!stderr.includes("secret"), stderr);
    }
    const refused = async (expected: RegExp, ...words: string[]): Promise<void> => {
      const { code, stderr } = await elegant("queue", "submit", "--redis", url, "--parts", "2", ...words);
      assert.equal(code, 2, stderr);
      assert.match(stderr, expected);
    };
    await refused(/--size/, "preprocess", "a", "b", "--size", "none");
    await refused(
      /^elegant: command: expected preprocess, synth, swap or fid FOLDER --save-features FILE\.npz, received 'train'\./,
      "train",
      "a",
    );
    await refused(/--part: expected none, received 0\/2/, "preprocess", "a", "b", "--part", "0/2");
    await refused(/fid: expected FOLDER --save-features FILE\.npz/, "fid", "a", "b");
    const wrong = await elegant("queue", "status", "--redis", "localhost");
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--redis: expected a URL such as redis:/);
  });
});
