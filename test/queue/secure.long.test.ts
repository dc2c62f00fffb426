/** The queue's commands and a server with a password, with TLS, and with both, and REDIS_URL instead of --redis. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { withFolder } from "../support/folder.js";
import { freePort, HAS_REDIS, type RedisServer, startRedis } from "../support/redis.js";
import { type Ended, fromRoot } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const run = promisify(execFile);
const PASSWORD = "half/a@secret#";
const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;

/** Runs `elegant queue ...` with this environment. */
async function queue(words: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const options = { env: { ...process.env, ...env }, timeout: 60_000 };
  return run(process.execPath, [fromRoot("bin/elegant.js"), "queue", ...words], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  );
}

describe("a queue on a server that is not open to all", () => {
  before(function () {
    if (HAS_REDIS && HAS_OPENSSL) return;
    console.log("        skipped: needs redis-server and openssl (apt install redis-server openssl)");
    this.skip();
  });

  it("needs the password, which no message contains", async () => {
    const server = await startRedis(["--requirepass", PASSWORD]);
    try {
      const url = server.url.replace("redis://", `redis://:${encodeURIComponent(PASSWORD)}@`);
      assert.deepEqual(await queue(["status"], { REDIS_URL: url }), {
        ...{ code: 0, stdout: "no flow in the queue\n", stderr: "" },
      });
      const given = await queue(["status", "--redis", url], { REDIS_URL: "redis://127.0.0.1:1" });
      assert.equal(given.code, 0, given.stderr);
      for (const wrong of [server.url, server.url.replace("redis://", "redis://:guessed@")]) {
        const { code, stdout, stderr } = await queue(["status"], { REDIS_URL: wrong });
        assert.deepEqual([code, stdout], [4, ""]);
        assert.match(
          stderr,
          /^elegant: --redis: expected a Redis server at redis:\/\/127\.0\.0\.1:\d+, received .*(?:NOAUTH|WRONGPASS)/,
        );
        assert.ok(!stderr.includes("guessed"), stderr);
      }
    } finally {
      await server.stop();
    }
  });

  it("speaks TLS with a server whose certificate is valid, and with no other", () =>
    withFolder(async (folder) => {
      const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
      const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1"];
      await run("openssl", [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        certificate,
        ...subject,
      ]);
      const port = await freePort();
      const files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate];
      let server: RedisServer;
      try {
        server = await startRedis([
          "--tls-port",
          String(port),
          ...files,
          "--tls-auth-clients",
          "no",
          "--requirepass",
          PASSWORD,
        ]);
      } catch {
        console.log("        skipped: this redis-server was built without TLS");
        return;
      }
      try {
        const url = `rediss://:${encodeURIComponent(PASSWORD)}@localhost:${port}`;
        const trusting = { REDIS_URL: url, NODE_EXTRA_CA_CERTS: certificate };
        const work = ["work", "--until-empty", "--root", folder, "--json", "--quiet"];
        const synth = ["--count", "24", "--seed", "3"];
        const [queued, alone] = ["queued", "alone"].map((name) => join(folder, name));
        const submitted = await queue(["submit", "--parts", "2", "synth", queued, ...synth], trusting);
        assert.equal(submitted.code, 0, submitted.stderr);
        const { code, stdout, stderr } = await queue(work, trusting);
        assert.deepEqual([code, stderr], [0, ""]);
        assert.deepEqual(JSON.parse(stdout), { done: 2, failed: 0, released: 0 });
        await run(process.execPath, [fromRoot("bin/elegant.js"), "synth", alone, ...synth]);
        assert.deepEqual(await treeOf(queued), await treeOf(alone));
        const doubting = await queue(["status"], { REDIS_URL: url });
        assert.deepEqual([doubting.code, doubting.stdout], [4, ""]);
        assert.match(doubting.stderr, /^elegant: --redis: .*rediss:\/\/localhost:\d+, received .*certificate/);
        assert.ok(!doubting.stderr.includes("secret"), doubting.stderr);
      } finally {
        await server.stop();
      }
    }));
});
