/** The lock of a run's folder, with real processes that hold it, die, or belong to other machines. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
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

  const elsewhere = ".running-elsewhere-7-1";
  const aged = async (path: string, minutes: number): Promise<void> => {
    const then = new Date(Date.now() - minutes * 60_000);
    await utimes(path, then, then);
  };

  it("is refused while a process on another machine shows signs of life, and says what to do", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, elsewhere), "");
      await aged(join(folder, elsewhere), 9);
      const message =
        /one by process 7 on elsewhere, which showed a sign of life 9 minutes ago\. If it no longer runs there, add --take-over\. Without a sign of life for 10 minutes, the lock is taken over automatically/;
      await assert.rejects(RunLock.acquire(folder, "training"), refused(message));
      assert.deepEqual(await readdir(folder), [elsewhere]);
    }));

  it("is taken over from a machine that has shown no sign of life for ten minutes, or immediately if the user asks for it", () =>
    withFolder(async (folder) => {
      for (const [minutes, takeOver] of [
        [11, false],
        [600, false],
        [0, true],
      ] as const) {
        await writeFile(join(folder, elsewhere), "");
        await aged(join(folder, elsewhere), minutes);
        const lines: string[] = [];
        const onNotice = (line: string): void => {
          lines.push(line);
        };
        const lock = await RunLock.acquire(folder, "training", { takeOver, onNotice });
        assert.match(
          lines.join("\n"),
          /^.*: taken over from process 7 on elsewhere: it showed no sign of life for \d+ \w+$/,
        );
        const [own, ...others] = await readdir(folder);
        assert.deepEqual([own.includes(`-${process.pid}-`), others], [true, []]);
        await lock.release();
      }
    }));

  it("is not taken over from a living process of this machine, whatever is wished", () =>
    withFolder(async (folder) => {
      const child = await holder(folder);
      try {
        await assert.rejects(
          RunLock.acquire(folder, "training", { takeOver: true }),
          refused(/received one by process/),
        );
      } finally {
        child.kill("SIGKILL");
      }
    }));

  it("shows signs of life, and is lost when another process has taken it over", () =>
    withFolder(async (folder) => {
      const lock = await RunLock.acquire(folder, "training");
      const path = join(folder, (await readdir(folder))[0]);
      const { host: named, pid } = JSON.parse(await readFile(path, "utf8"));
      assert.deepEqual([named, pid], [host, process.pid]);
      await aged(path, 30);
      await lock.expectHeld();
      assert.ok(Date.now() - (await stat(path)).mtimeMs < 60_000);
      await rm(path);
      const message = /expected this process's lock, received another process's: this one showed no sign of life/;
      await assert.rejects(lock.expectHeld(), { name: "RetryableError", message });
      assert.deepEqual(await readdir(folder), [], "not made again");
      await lock.release();
    }));

  for (const gone of [false, true])
    it(`is held by at most one of many that start at the same time${gone ? " and take over from a machine that is gone" : ""}`, () =>
      withFolder(async (folder) => {
        if (gone) {
          await writeFile(join(folder, elsewhere), "");
          await aged(join(folder, elsewhere), 60);
        }
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
      }));
});
