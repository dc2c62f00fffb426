/** The queue through a Redis server with a password and TLS, whose certificate was signed by an authority of our own. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withFolder } from "../support/folder.js";
import { freePort, HAS_REDIS } from "../support/redis.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const PASSWORD = "correct horse";
const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;

function openssl(folder: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

/** Makes ca.crt, and server.crt with server.key for 127.0.0.1. */
function makeCertificates(folder: string): void {
  const key = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
  openssl(folder, "req", "-x509", ...key, "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.crt");
  const signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1"];
  openssl(
    folder,
    "req",
    "-x509",
    ...key,
    "-subj",
    "/CN=redis",
    ...signing,
    "-keyout",
    "server.key",
    "-out",
    "server.crt",
  );
}

/** Runs `elegant` with the authority's certificate, as users of a private authority do. */
async function elegant(authority: string, ...args: readonly string[]): Promise<Ended> {
  const before = process.env.NODE_EXTRA_CA_CERTS;
  process.env.NODE_EXTRA_CA_CERTS = authority;
  try {
    return await runNode(fromRoot("bin/elegant.js"), args);
  } finally {
    if (before === undefined) delete process.env.NODE_EXTRA_CA_CERTS;
    else process.env.NODE_EXTRA_CA_CERTS = before;
  }
}

describe("a queue on a Redis server with a password and TLS", () => {
  before(function () {
    if (HAS_REDIS && HAS_OPENSSL) return;
    console.log("        skipped: redis-server or openssl is not installed");
    this.skip();
  });

  it("makes the bytes of one machine, and refuses a wrong password and an unknown authority without showing the password", () =>
    withFolder(async (folder) => {
      makeCertificates(folder);
      const authority = join(folder, "ca.crt");
      const port = await freePort();
      const tls = ["--tls-port", `${port}`, "--tls-cert-file", "server.crt", "--tls-key-file", "server.key"];
      const access = ["--tls-ca-cert-file", "ca.crt", "--tls-auth-clients", "no", "--requirepass", PASSWORD];
      const words = ["--port", "0", "--bind", "127.0.0.1", ...tls, ...access, "--save", "", "--appendonly", "no"];
      const server = spawn("redis-server", words, { cwd: folder, stdio: "ignore" });
      const url = (password: string): string => `rediss://:${encodeURIComponent(password)}@127.0.0.1:${port}`;
      const queue = (...args: readonly string[]): Promise<Ended> => elegant(authority, "queue", ...args);
      try {
        for (let i = 0; i < 40; i++) {
          if ((await queue("status", "--redis", url(PASSWORD))).code === 0) break;
          await sleep(250);
        }
        const synth = ["--count", "24", "--seed", "3"];
        const out = join(folder, "queued");
        const submitted = await queue("submit", "--redis", url(PASSWORD), "--parts", "2", "synth", out, ...synth);
        assert.equal(submitted.code, 0, submitted.stderr);
        const worked = await queue("work", "--redis", url(PASSWORD), "--root", folder, "--until-empty");
        assert.equal(worked.code, 0, worked.stderr);
        const alone = await elegant(authority, "synth", join(folder, "alone"), ...synth);
        assert.equal(alone.code, 0, alone.stderr);
        assert.deepEqual(await treeOf(out), await treeOf(join(folder, "alone")));

        const wrong = await queue("status", "--redis", url("wrong horse"));
        assert.equal(wrong.code, 4, wrong.stderr);
        assert.match(
          wrong.stderr,
          /^elegant: --redis: expected a Redis server at rediss:\/\/127\.0\.0\.1:\d+, received WRONGPASS/,
        );
        const none = await queue("status", "--redis", `rediss://127.0.0.1:${port}`);
        assert.match(none.stderr, /received NOAUTH/);
        const unknown = await runNode(fromRoot("bin/elegant.js"), ["queue", "status", "--redis", url(PASSWORD)]);
        assert.equal(unknown.code, 4, unknown.stderr);
        assert.match(unknown.stderr, /certificate/);
        const plain = await queue("status", "--redis", url(PASSWORD).replace("rediss:", "redis:"));
        assert.equal(plain.code, 4, plain.stderr);
        for (const { stdout, stderr } of [wrong, none, unknown, plain, submitted, worked]) {
          assert.doesNotMatch(stdout + stderr, /horse/);
        }
      } finally {
        server.kill("SIGKILL");
        await once(server, "exit");
      }
    }));
});
