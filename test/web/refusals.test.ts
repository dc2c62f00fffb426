/** Requests that the web server refuses, sent exactly as an attacker would write them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serveFolder } from "../../src/web/server.js";
import { ask, exchange } from "../support/raw-http.js";
import { assertFixedHeaders, PAGE, SCRIPT, SECRET, type Site, useSite } from "../support/site.js";

describe("the web server's refusals", () => {
  let site: Site;
  let folder: string;
  let url: string;
  useSite((opened) => {
    site = opened;
    folder = site.folder;
    url = site.server.url;
  });

  describe("for a hostile path", () => {
    before(async function () {
      if (process.platform === "win32") this.skip(); // links and pipes
      await symlink(join(site.top, "secret.txt"), join(folder, "link.txt"));
      await symlink("../secret.txt", join(folder, "relative.txt"));
      await symlink(site.top, join(folder, "up"));
      await symlink("..", join(folder, "assets/back"));
      await symlink(".env", join(folder, "hidden.txt"));
      await symlink("circle", join(folder, "circle"));
      execFileSync("mkfifo", [join(folder, "pipe")]);
    });

    /** Paths to files that are hidden, outside the folder, not regular or not there. */
    const absent: readonly string[] = [
      ...["/../secret.txt", "/assets/../../secret.txt", "/./../secret.txt", "/..", "/../", "/.", "//../secret.txt"],
      ...["/%2e%2e/secret.txt", "/%2E./secret.txt", "/.%2e/secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"],
      ...["/%252e%252e/secret.txt", "/%252e%252e%252fsecret.txt", "/%25%32%65%25%32%65/secret.txt"],
      ...["/.../secret.txt", "/....//secret.txt", "/../site-other/secret.txt", "/..;/secret.txt", "/index.html/"],
      ...["/etc/passwd", "//etc/passwd", "///etc/passwd", "/index.html/../../secret.txt", "/assets/../index.html"],
      ...["/.env", "/%2eenv", "/assets/.git/config", "/assets/%2Egit/config", "/assets", "/assets/", "//"],
      ...["/link.txt", "/relative.txt", "/up/secret.txt", "/up/site/index.html/../../secret.txt", "/hidden.txt"],
      ...["/assets/back/.env", "/circle", "/pipe", "/missing.html", `/${"a".repeat(300)}`, `/${"a/".repeat(5000)}`],
      ...["/secret.txt", "/index.html%20", "/%3f/../secret.txt", "/index.html#x"],
    ];
    /** Targets that are no path, or that cannot be decoded to names. */
    const malformed: readonly (string | Buffer)[] = [
      ...["/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/..%2Fsecret.txt", "/assets%2f..%2f..%2fsecret.txt"],
      ...["/..\\secret.txt", "/..%5csecret.txt", "/%2e%2e%5Csecret.txt", "\\..\\secret.txt", "/C:\\secret.txt"],
      ...["/C:/secret.txt", "/file:", "/index.html::$DATA", "/%2fetc%2fpasswd", "/assets%2ffile.js"],
      ...["/index.html%00", "/%00", "/..%00/secret.txt", "/../secret.txt%00.html", "/index.html%0d%0aSet-Cookie:a"],
      ...["/%", "/%2", "/%zz", "/%u002e%u002e/secret.txt", "/%c0%ae%c0%ae/secret.txt", "/%ff", "/%ed%a0%80"],
      ...["../secret.txt", "secret.txt", "*", "", "/in dex.html", "/\0", "file:///etc/passwd", "?"],
      Buffer.from([0x2f, 0x2e, 0x2e, 0x00]),
    ];
    const cases = [...absent.map((path) => [path, 404] as const), ...malformed.map((target) => [target, 400] as const)];
    for (const [target, expected] of cases) {
      it(`answers ${expected} to ${JSON.stringify(String(target).slice(0, 60))}`, async () => {
        for (const method of ["GET", "HEAD"]) {
          const answer = await ask(url, target, { method });
          assert.equal(answer.status, expected);
          assert.doesNotMatch(answer.body.toString(), new RegExp(`${SECRET}|root:|picture|${PAGE}`));
          assertFixedHeaders(answer);
        }
      });
    }

    it("serves its own address in the form that proxies use to nobody", async () => {
      assert.equal((await ask(url, `${url}index.html`)).status, 400);
      assert.equal((await ask(url, "http://example.com/secret.txt")).status, 400);
    });

    it("follows a link that stays within the folder", async () => {
      await symlink("app.js", join(folder, "latest.js"));
      assert.equal((await ask(url, "/latest.js")).body.toString(), SCRIPT);
      assert.equal((await ask(url, "/assets/back/app.js")).body.toString(), SCRIPT);
    });

    it("serves a folder that is reached by a link and below a hidden one", async () => {
      await mkdir(join(site.top, ".hidden"));
      await writeFile(join(site.top, ".hidden/index.html"), PAGE);
      await symlink(join(site.top, ".hidden"), join(site.top, "to-hidden"));
      const other = await serveFolder(join(site.top, "to-hidden"), { port: 0 });
      assert.equal((await ask(other.url, "/")).body.toString(), PAGE);
      await other.close();
    });
  });

  it("answers only if Host is its own", async () => {
    const { port } = new URL(url);
    const own = ["127.0.0.1", "localhost", "[::1]", "LocalHost"].flatMap((name) => [name, `${name}:${port}`]);
    for (const host of own) assert.equal((await ask(url, "/", { host })).status, 200, host);
    const others = ["example.com", `example.com:${port}`, "", `localhost:${Number(port) ^ 1}`, "localhost.example.com"];
    others.push(
      "127.0.0.1.example.com",
      "0.0.0.0",
      "127.1",
      "[::]",
      "::1",
      "localhost,example.com",
      "x@localhost",
      " ",
    );
    for (const host of [...others, null]) {
      const answer = await ask(url, "/", { host });
      assert.equal(answer.status, 403, String(host));
      assert.equal(answer.body.toString(), `403 Forbidden\nOpen ${url} instead.\n`);
      assertFixedHeaders(answer);
    }
    const twice = "GET / HTTP/1.1\r\nHost: localhost\r\nHost: example.com\r\nConnection: close\r\n\r\n";
    assert.notEqual((await exchange(url, twice)).status, 200);
    assert.equal((await exchange(url, "GET / HTTP/1.0\r\n\r\n")).status, 403);
  });

  it("answers 405 to every method but GET and HEAD", async () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"]) {
      const answer = await ask(url, "/", { method, headers: { "Content-Length": "0" } });
      assert.deepEqual([answer.status, answer.headers.allow], [405, "GET, HEAD"], method);
      assertFixedHeaders(answer);
    }
  });

  it("answers text that is not HTTP, headers that are too large, and expectations, with its headers", async () => {
    const large = `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${"x".repeat(20_000)}\r\n\r\n`;
    const expectation = `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: luck\r\n\r\n`;
    for (const [text, status] of [
      ["hello\r\n\r\n", 400],
      [large, 431],
      [expectation, 417],
    ] as const) {
      const answer = await exchange(url, text);
      assert.equal(answer.status, status);
      assertFixedHeaders(answer);
    }
  });

  it("keeps its files on this machine: it does not listen on other addresses", async () => {
    assert.equal(new URL(url).hostname, "127.0.0.1");
    const tables = existsSync("/proc/net/tcp") ? await readFile("/proc/net/tcp", "utf8") : null;
    if (tables === null) return;
    const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0");
    const listening = tables.split("\n").filter((line) => new RegExp(`:${port} 00000000:0000 0A`).test(line));
    assert.deepEqual(
      listening.map((line) => /\w{8}(?=:)/.exec(line)?.[0]),
      ["0100007F"],
    );
  });
});
