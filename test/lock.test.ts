import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { RunLock } from "../src/lock.js";
import { withFolder } from "./support/folder.js";
import { fromRoot } from "./support/spawn.js";

const host = hostname().replace(/[^\w.-]/g, "_");
const refused = (message: RegExp) => ({ name: "InputError", message });

/** A process that holds the lock of a folder until it is killed. */
async function holder(folder: string) {
  const module = new URL("../src/lock.js", import.meta.url).href;
  const code = `const { RunLock } = await import(${JSON.stringify(module)});
    await RunLock.acquire(${JSON.stringify(folder)}, "training"); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { cwd: fromRoot("."), stdio: "pipe" });
  await once(child.stdout, "data");
  return child;
}

describe("the lock of a run", () => {
  it("is refused while another process holds it, naming that, and free again when it was killed", () =>
    withFolder(async (folder) => {
      const child = await holder(folder);
      const busy = new RegExp(`expected no other training in this folder, received one by process ${child.pid} .*kill`);
      await assert.rejects(RunLock.acquire(folder, "training"), refused(busy));
      assert.equal((await readdir(folder)).length, 1, "the refused one leaves nothing");

      child.kill("SIGKILL");
      await once(child, "exit");
      assert.equal((await readdir(folder)).length, 1, "a crash leaves the file");
      const lock = await RunLock.acquire(folder, "training");
      const [own, ...others] = await readdir(folder);
      assert.deepEqual([own.includes(`-${process.pid}-`), others], [true, []]);
      await lock.release();
      assert.deepEqual(await readdir(folder), []);
    }));

  it("is refused to a second training of one process", () =>
    withFolder(async (folder) => {
      const lock = await RunLock.acquire(folder, "training");
      await assert.rejects(RunLock.acquire(folder, "training"), refused(/received one by this process/));
      await lock.release();
      await (await RunLock.acquire(folder, "training")).release();
    }));

  it("is not fooled by a process number that is used again", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, `.running-${host}-${process.ppid}-123abc`), "");
      const lock = await RunLock.acquire(folder, "training");
      assert.equal((await readdir(folder)).length, 1, "the stale one is gone");
      await lock.release();
    }));

  it("leaves a lock of another machine alone and says what to do", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, ".running-elsewhere-7-1"), "");
      const message = /one by process 7 on elsewhere\. If it no longer runs there, delete '.*\.running-elsewhere-7-1'/;
      await assert.rejects(RunLock.acquire(folder, "training"), refused(message));
      assert.deepEqual(await readdir(folder), [".running-elsewhere-7-1"]);
    }));

  it("is held by at most one of many that start at once", () =>
    withFolder(async (folder) => {
      const module = new URL("../src/lock.js", import.meta.url).href;
      const code = `const { RunLock } = await import(${JSON.stringify(module)});
        try { await RunLock.acquire(${JSON.stringify(folder)}, "training"); console.log("held"); setTimeout(() => process.exit(), 1500); }
        catch (error) { console.log(error.name); }`;
      const outcomes = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "pipe" });
          const [word] = (await once(child.stdout, "data")) as [Buffer];
          if (child.exitCode === null) await once(child, "exit");
          return word.toString().trim();
        }),
      );
      assert.ok(outcomes.filter((word) => word === "held").length <= 1, `${outcomes}`);
      assert.ok(
        outcomes.every((word) => word === "held" || word === "InputError"),
        `${outcomes}`,
      );
    })).timeout(20_000);
});
