/** Clients of the web server that go away too early, and files that change while they are sent. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { serveFolder } from "../../src/web/server.js";
import { ask, openSocket } from "../support/raw-http.js";
import { LARGE, SCRIPT, type Site, useSite } from "../support/site.js";

describe("the web server's clients", function () {
  this.timeout(20_000); // a file that stays open would be waited for
  let site: Site;
  let folder: string;
  let url: string;
  useSite((opened) => {
    site = opened;
    folder = site.folder;
    url = site.server.url;
  });

  /** How many files whose paths start with `path` this process has open; null if the system does not show it. */
  function timesOpen(path: string): number | null {
    if (!existsSync("/proc/self/fd")) return null;
    const open = readdirSync("/proc/self/fd").filter((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`).startsWith(path);
      } catch {
        return false; // it was closed meanwhile
      }
    });
    return open.length;
  }

  const request = "GET /large.safetensors HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const [what, requests] of [
    ["in the middle of a file", 1],
    ["with more requests waiting on its connection", 3],
  ] as const) {
    it(`closes the files of a client that goes away ${what}`, async () => {
      const path = join(folder, "large.safetensors");
      const socket = await openSocket(url);
      socket.on("error", () => {});
      socket.write(request.repeat(requests));
      await once(socket, "readable");
      while ((timesOpen(path) ?? requests) < requests) await turn();
      socket.destroy();
      while ((timesOpen(path) ?? 0) > 0) await turn();
      assert.equal((await ask(url, "/")).status, 200);
    });
  }

  it("closes the file of a client that sends garbage while it is served", async () => {
    const socket = await openSocket(url);
    socket.on("error", () => {});
    const ended = once(socket, "close");
    socket.write(request);
    await once(socket, "readable");
    socket.write("garbage\r\n\r\n");
    socket.resume();
    await ended;
    while ((timesOpen(join(folder, "large.safetensors")) ?? 0) > 0) await turn();
    assert.equal((await ask(url, "/")).status, 200);
  });

  it("may go away before their answers are ready", async () => {
    for (let i = 0; i < 30; i++) {
      const name = `${i}.js`;
      await writeFile(join(folder, name), SCRIPT);
      const get = `GET /${name} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br\r\n\r\n`;
      const socket = await openSocket(url);
      socket.on("error", () => {});
      socket.write(get.repeat(3) + request, () => socket.resetAndDestroy());
      await once(socket, "close");
    }
    assert.equal((await ask(url, "/")).status, 200);
  });

  it("leave no file open when the server is closed", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    // Node.js warns if it has to close a file that nobody closed.
    process.on("warning", note);
    const other = await serveFolder(folder, { port: 0 });
    const targets = ["/", "/app.js", "/assets", "/missing", "/large.safetensors"];
    await Promise.all(targets.map((target) => ask(other.url, target)));
    const socket = await openSocket(other.url);
    socket.on("error", () => {});
    socket.write(request.repeat(2));
    await once(socket, "readable");
    await other.close();
    assert.equal(timesOpen(folder) ?? 0, 0);
    process.removeListener("warning", note);
    assert.deepEqual(warnings, []);
  });

  it("are disconnected if a file becomes shorter while it is sent", async () => {
    const path = join(folder, "shrinking.bin");
    await writeFile(path, "");
    await truncate(path, LARGE);
    const socket = await openSocket(url);
    socket.on("error", () => {});
    socket.write(request.replace("large.safetensors", "shrinking.bin"));
    await once(socket, "readable");
    await truncate(path, 1024);
    let received = 0;
    for await (const part of socket) received += (part as Buffer).length;
    assert.ok(received < LARGE, `${received} bytes`);
    assert.equal((await ask(url, "/")).status, 200);
  });
});
