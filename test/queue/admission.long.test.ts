/** Jobs that others have put into Redis are refused by a worker. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { connectRedis } from "../../src/queue/redis.js";
import { withFolder } from "../support/folder.js";
import { elegant } from "../support/queue.js";
import { HAS_REDIS, startRedis } from "../support/redis.js";

describe("elegant queue work", () => {
  it("refuses what others have put into Redis, tries it once, and shows the reason", async function () {
    if (!HAS_REDIS) this.skip();
    const server = await startRedis();
    const redis = await connectRedis(server.url, false);
    try {
      await withFolder(async (dir) => {
        const { Queue } = await import("bullmq");
        const queue = new Queue("elegant", { connection: redis });
        const shard = { kind: "shard", flow: "evil", cwd: dir, index: 0, count: 1 };
        const jobs: readonly (readonly [string, unknown])[] = [
          ["rm", { ...shard, flow: "one", argv: ["rm", "-rf", dir] }],
          ["out", { ...shard, flow: "two", argv: ["synth", "../../escaped", "--count", "1"] }],
          ["merge", { kind: "merge", flow: "three", command: "x", argv: ["merge", "/etc"], cwd: dir, count: 1 }],
          ["alien", { hello: "world" }],
          ["control", { ...shard, flow: "\u001b[2J", argv: ["synth", "x"] }],
          ["good", { ...shard, flow: "four", argv: ["synth", "faces", "--count", "1", "--workers", "1"] }],
        ];
        for (const [jobId, data] of jobs) await queue.add("x", data, { jobId: `id-${jobId}`, attempts: 5 });
        const worker = await elegant("queue", "work", "--redis", server.url, "--root", dir, "--until-empty", "--json");
        assert.equal(worker.code, 0, worker.stderr);
        assert.deepEqual(JSON.parse(worker.stdout), { done: 1, failed: 5, released: 0 });
        assert.ok(existsSync(join(dir, "faces/images/000001.jpg")));
        assert.deepEqual(await readdir(dir), ["faces"]);
        for (const [name] of jobs) {
          const job = await queue.getJob(`id-${name}`);
          assert.equal(job?.attemptsMade, 1, `${name} is not tried again`);
        }
        const status = await elegant("queue", "status", "--redis", server.url, "--json");
        assert.equal(status.code, 3);
        const { flows } = JSON.parse(status.stdout) as {
          flows: readonly { id: string; state: string; lost: readonly { reason: string }[]; reason: string | null }[];
        };
        const reasonOf = (id: string): string => {
          const flow = flows.find((each) => each.id === id);
          return `${flow?.state}: ${flow?.reason ?? flow?.lost.map(({ reason }) => reason).join()}`;
        };
        assert.match(reasonOf("one"), /^failed: command: expected preprocess, synth, swap or fid .*, received 'rm'\./);
        assert.match(reasonOf("two"), /^failed: synth DIR: expected a path within the worker's --root .*escaped/);
        assert.match(reasonOf("three"), /^failed: merge PATH: expected a path within the worker's --root .*'\/etc'/);
        assert.match(reasonOf("id-alien"), /^failed: job id-alien: expected a job of elegant queue/);
        assert.match(reasonOf("id-control"), /^failed: job id-control: expected a job of elegant queue/);
        assert.match(reasonOf("four"), /^done: $/);
        await queue.close();
      });
    } finally {
      redis.disconnect();
      await server.stop();
    }
  });
});
