/** The worker pool: order, limits, aborts and workers that do not start. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { WorkerPool } from "../../src/pool/pool.js";
import type { EchoTasks } from "../support/echo-worker.js";

const ENTRY = new URL("../support/echo-worker.js", import.meta.url);

describe("pool/pool", () => {
  let pool: WorkerPool<EchoTasks>;
  before(() => {
    pool = new WorkerPool<EchoTasks>(ENTRY, { threads: 2, workerData: { greeting: "hello" } });
  });
  after(() => pool.close());

  it("runs named tasks and hands worker data over", async () => {
    const { value, data, thread } = await pool.run("echo", { value: 5, delay: 0 });
    assert.deepEqual([value, data], [5, { greeting: "hello" }]);
    assert.ok(thread > 0, "not on the main thread");
    await assert.rejects(pool.run("fail", "no good"), /no good/);
  });

  it("yields in input order however long each takes, and takes no more than maxInFlight ahead", async () => {
    let taken = 0;
    function* tasks(): Generator<{ value: number; delay: number }> {
      for (let value = 0; value < 20; value++) {
        taken++;
        yield { value, delay: value % 3 === 0 ? 25 : 1 };
      }
    }
    const values: number[] = [];
    for await (const { value } of pool.map("echo", tasks())) {
      values.push(value);
      assert.ok(taken - values.length <= pool.maxInFlight, `${taken} taken, ${values.length} read`);
    }
    assert.deepEqual(
      values,
      Array.from({ length: 20 }, (_, i) => i),
    );
  });

  it("gives tasks to as many threads as requested, and later to more or fewer", async () => {
    const three = new WorkerPool<EchoTasks>(ENTRY, { threads: 3 });
    const threadsOf = async (): Promise<Set<number>> => {
      const runs = Array.from({ length: 9 }, (_, value) => three.run("echo", { value, delay: 20 }));
      return new Set((await Promise.all(runs)).map(({ thread }) => thread));
    };
    try {
      three.use(1);
      assert.equal((await threadsOf()).size, 1);
      const held = Array.from({ length: 6 }, (_, value) => three.run("echo", { value, delay: 50 }));
      three.use(9); // waiting tasks continue immediately
      assert.ok(new Set((await Promise.all(held)).map(({ thread }) => thread)).size > 1);
      assert.equal(three.maxInFlight, 6);
      three.use(2);
      assert.equal(three.maxInFlight, 4);
      assert.ok((await threadsOf()).size <= 2);
    } finally {
      await three.close();
    }
  });

  it("bounds runs in flight, ends map on a failure, and stays usable after an abort", async () => {
    const many = await Promise.all(Array.from({ length: 12 }, (_, value) => pool.run("echo", { value, delay: 2 })));
    assert.deepEqual(
      many.map(({ value }) => value),
      Array.from({ length: 12 }, (_, i) => i),
    );
    const failing = async (): Promise<void> => {
      for await (const _ of pool.map("fail", ["first", "second"])) assert.fail("nothing to yield");
    };
    await assert.rejects(failing(), /first/);
    const controller = new AbortController();
    const slow = pool.run("echo", { value: 1, delay: 60_000 }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    await assert.rejects(slow);
    assert.equal((await pool.run("echo", { value: 3, delay: 0 })).value, 3);
  });

  for (const [what, text, reason] of [
    ["throws", "throw new Error('no worker today')", "Error: no worker today"],
    ["exits", "process.exit(3)", "an end without an error"],
    ["cannot be loaded", null, "Error: Cannot find module"],
  ] as const) {
    it(`fails tasks, and does not wait for ever, when each worker ${what} at its start`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
      const entry = join(folder, "entry.mjs");
      if (text !== null) await writeFile(entry, text);
      const broken = new WorkerPool<EchoTasks>(pathToFileURL(entry), { threads: 2 });
      try {
        const runs = [1, 2, 3, 4].map((value) => broken.run("echo", { value, delay: 0 }));
        for (const run of await Promise.allSettled(runs)) {
          assert.equal(run.status, "rejected");
          const message = String((run as PromiseRejectedResult).reason);
          assert.ok(
            message.startsWith(`RetryableError: pool: expected a thread that runs ${entry}, received ${reason}`),
          );
        }
        await assert.rejects(broken.run("echo", { value: 5, delay: 0 }), /received/);
      } finally {
        await broken.close();
        await rm(folder, { recursive: true });
      }
    });
  }
});
