/** The queue with a Redis server and worker processes, some of which are killed. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { connectRedis } from "../../src/queue/redis.js";
import { readFlows } from "../../src/queue/status.js";
import { submitFlow } from "../../src/queue/submit.js";
import { type WorkOptions, work } from "../../src/queue/work.js";
import { manyPhotos, writePhotos } from "../support/detectable.js";
import { withFolder } from "../support/folder.js";
import { tinyGenerator } from "../support/model.js";
import { goldenPhoto, writeSmallDataset } from "../support/pictures.js";
import { elegant, until } from "../support/queue.js";
import { HAS_REDIS, type RedisServer, startRedis } from "../support/redis.js";
import { fromRoot } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

interface WorkerProcess {
  readonly child: ChildProcess;
  readonly output: () => string;
}

/** @param root the folder that its jobs may use */
function startWorker(url: string, root: string): WorkerProcess {
  const words = ["queue", "work", "--redis", url, "--stalled", "2", "--root", root];
  const child = spawn(process.execPath, [fromRoot("bin/elegant.js"), ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (bytes) => {
    output += String(bytes);
  });
  child.stderr.on("data", (bytes) => {
    output += String(bytes);
  });
  return { child, output: () => output };
}

describe("queue", () => {
  describe("with a server", () => {
    let server: RedisServer;
    const workers: WorkerProcess[] = [];
    before(async function () {
      if (!HAS_REDIS) this.skip();
      server = await startRedis();
    });
    afterEach(async () => {
      for (const { child } of workers.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    });
    after(async () => {
      await server?.stop();
    });

    it("makes the bytes of one machine with three workers, one of them killed in a part", () =>
      withFolder(async (dir) => {
        const at = (name: string): string => join(dir, name);
        await writeSmallDataset(at("src"), 1300);
        const words = ["preprocess", at("src")];
        const options = ["--size", "128", "--quality", "80", "--workers", "1"];
        assert.equal((await elegant(...words, at("whole"), ...options)).code, 0);
        const submit = ["--redis", server.url, "--parts", "5", "--backoff", "0", "--wait", "--json"];
        const submitted = elegant("queue", "submit", ...submit, ...words, at("out"), ...options);
        for (let i = 0; i < 3; i++) workers.push(startWorker(server.url, dir));
        // The first worker that has finished some photos of a part, but not all.
        let victim: WorkerProcess | undefined;
        let part = "";
        await until("a part that has begun", async () => {
          const parts = existsSync(at("out")) ? await readdir(at("out")) : [];
          for (const name of parts.filter((part) => part.startsWith("part-"))) {
            const records = await readFile(join(at("out"), name, "manifest.jsonl"), "utf8").catch(() => "");
            if (records === "" || existsSync(join(at("out"), name, "part.json"))) continue;
            part = name.replace(/part-(\d+)-of-(\d+)/, "$1/$2");
            victim = workers.find(({ output }) => output().includes(`part ${part}: preprocess`));
            if (victim !== undefined) return true;
          }
          return false;
        });
        victim?.child.kill("SIGKILL");
        const { code, stdout, stderr } = await submitted;
        assert.equal(code, 0, stderr);
        const status = JSON.parse(stdout);
        assert.deepEqual([status.state, status.shards, status.done, status.lost], ["done", 5, 5, []]);
        assert.equal(status.output.done, 1300);
        assert.deepEqual(await treeOf(at("out")), await treeOf(at("whole")));
        const others = workers.filter((worker) => worker !== victim);
        const printed = others.map(({ output }) => output()).join("");
        assert.match(printed, new RegExp(`part ${part}: preprocess`), `another worker takes ${part}`);
        assert.match(printed, new RegExp(`part ${part}: done`));
        for (const { child } of others) {
          child.kill("SIGTERM");
          const [ended] = await once(child, "exit");
          assert.equal(ended, 0);
        }
      }));

    it("finds faces with two workers, with the bytes of one machine", () =>
      withFolder(async (dir) => {
        const at = (name: string): string => join(dir, name);
        const photos = manyPhotos(12);
        await writePhotos(at("src"), photos);
        const packed = ["--format", "webdataset", "--photos-per-file", "4", "--size", "64", "--workers", "1"];
        const options = ["--detect", "--faces", "all", "--min-score", "0.3", ...packed];
        const whole = await elegant("preprocess", at("src"), at("whole"), ...options);
        assert.equal(whole.code, 3, "photos without a face are failures");
        for (let i = 0; i < 2; i++) workers.push(startWorker(server.url, dir));
        const submit = ["--redis", server.url, "--parts", "3", "--wait", "--json"];
        const ended = await elegant("queue", "submit", ...submit, "preprocess", at("src"), at("out"), ...options);
        assert.equal(ended.code, whole.code, ended.stderr);
        const { state, shards, done, output } = JSON.parse(ended.stdout);
        const without = Object.values(photos).filter((kind) => kind === "none").length;
        assert.deepEqual([state, shards, done, output.failed], ["done", 3, 3, without]);
        assert.deepEqual(await treeOf(at("out")), await treeOf(at("whole")));
      }));

    it("releases the current part when a worker is asked to stop", () =>
      withFolder(async (dir) => {
        const at = (name: string): string => join(dir, name);
        await writeSmallDataset(at("src"), 500);
        const words = ["preprocess", at("src"), at("out"), "--size", "256", "--workers", "1"];
        const submit = ["--redis", server.url, "--parts", "2", "--json"];
        assert.equal((await elegant("queue", "submit", ...submit, ...words)).code, 0);
        workers.push(startWorker(server.url, dir));
        await until("a part that has begun", () => workers[0].output().includes("part 0/2: preprocess"));
        await until("its folder", () => existsSync(at("out/part-0-of-2/manifest.json")));
        workers[0].child.kill("SIGTERM");
        const [code] = await once(workers[0].child, "exit");
        assert.equal(code, 0, workers[0].output());
        assert.match(workers[0].output(), /0 done, 0 failed, 1 released/);
        const began = performance.now();
        const second = await elegant("queue", "work", "--redis", server.url, "--root", dir, "--until-empty", "--json");
        assert.equal(second.code, 0, second.stderr);
        assert.ok(performance.now() - began < 25_000, "nobody waits for a lock to run out");
        assert.equal(JSON.parse(second.stdout).done, 3);
        assert.equal(JSON.parse(await readFile(at("out/manifest.json"), "utf8")).done, 500);
      }));

    it("reports a part that cannot be done, with exit code 3, and does the others", () =>
      withFolder(async (dir) => {
        const at = (name: string): string => join(dir, name);
        await writeSmallDataset(at("src"), 600);
        // Part 1 of 3 finds a file where its folder should be.
        await mkdir(at("out"));
        await writeFile(at("out/part-1-of-3"), "in the way");
        workers.push(startWorker(server.url, dir));
        const submit = ["--redis", server.url, "--parts", "3", "--wait", "--json", "--backoff", "0"];
        const ended = await elegant("queue", "submit", ...submit, "preprocess", at("src"), at("out"), "--size", "16");
        assert.equal(ended.code, 3, ended.stderr);
        const { id, state, done, lost } = JSON.parse(ended.stdout);
        assert.deepEqual([state, done, lost.length, lost[0].shard], ["failed", 2, 1, "1/3"]);
        assert.match(lost[0].reason, /part-1-of-3.*expected a folder, received a file/);
        const status = await elegant("queue", "status", id, "--redis", server.url);
        assert.equal(status.code, 3);
        assert.match(status.stdout, new RegExp(`${id} +failed +2/3 +0 +0 +1 +preprocess`));
        assert.match(status.stdout, /part 1\/3 is given up: .*expected a folder, received a file/);
        assert.doesNotMatch(workers[0].output(), /attempt 2/, "exit code 2 is not tried again");
        assert.ok(existsSync(at("out/part-0-of-3/part.json")) && !existsSync(at("out/manifest.json")));
      }));

    it("does not queue what each part would refuse", () =>
      withFolder(async (dir) => {
        const at = (name: string): string => join(dir, name);
        await writeSmallDataset(at("src"), 4);
        await mkdir(at("photos"));
        await writeFile(at("model.safetensors"), tinyGenerator(9));
        await writeFile(at("a.png"), await encodePng(goldenPhoto("a", 2, 64, 64)));
        await mkdir(at("full"));
        await writeFile(at("full/sheet-part-1-of-2.png"), "mine");
        const swap = (...changes: string[]): string[] => {
          const words = ["--model", at("model.safetensors"), "--input", at("a.png"), "--reference", at("a.png")];
          return ["swap", ...words, "--attribute", "Bangs", "--out", at("new"), ...changes];
        };
        for (const [expected, ...words] of [
          [/none: expected a folder, received none/, "preprocess", at("none"), at("out")],
          [/OUT: expected a folder, received the file/, "preprocess", at("src"), at("a.png")],
          [/--crop: expected a square, received 3 x 4/, "preprocess", at("src"), at("out"), "--crop", "0,0,3,4"],
          [/a\.png: expected an empty directory or .*, received a file/, "synth", at("a.png")],
          [/a\.png: expected a folder of images, received a file/, "fid", at("a.png"), "--save-features", at("f.npz")],
          [/--save-features: expected a name ending in \.npz/, "fid", at("src"), "--save-features", at("f.txt")],
          [
            /--save-features: expected no score, received --kid/,
            "fid",
            at("src"),
            "--save-features",
            at("f.npz"),
            "--kid",
          ],
          [
            /expected one of Bangs, .*Did you mean Smiling\?/,
            ...swap("--attribute", "Smilin", "--reference", at("a.png")),
          ],
          [
            /--reference: expected 2 faces for 2 attributes, or 1/,
            ...swap("--attribute", "Smiling", "--reference", at("a.png"), at("a.png")),
          ],
          [/photos: expected images .*, received an empty folder/, ...swap("--input", at("photos"))],
          [/none\.png: .*ENOENT/, ...swap("--attribute", "Smiling", "--reference", at("none.png"))],
          [/--paste-back: expected the whole work/, ...swap("--paste-back")],
          [
            /sheet-part-1-of-2\.png: expected a path that does not exist, received an existing file/,
            ...swap("--out", at("full")),
          ],
        ] as readonly (readonly [RegExp, ...string[]])[]) {
          const { code, stdout, stderr } = await elegant(
            "queue",
            "submit",
            "--redis",
            server.url,
            "--parts",
            "2",
            ...words,
          );
          assert.deepEqual([code, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
          assert.match(stderr, expected);
          assert.match(stderr, /^elegant: [^\n]+\n$/);
        }
        const status = await elegant("queue", "status", "--redis", server.url, "--json");
        assert.ok(!status.stdout.includes(dir), "nothing is in the queue");
      }));

    it("lets a part of swap write over what its first attempt has left, and over nothing else", () =>
      withFolder(async (dir) => {
        const at = (name: string): string => join(dir, name);
        await writeFile(at("model.safetensors"), tinyGenerator(9));
        await mkdir(at("faces"));
        for (let i = 0; i < 17; i++) {
          await writeFile(at(`faces/${i}.png`), await encodePng(goldenPhoto(`face ${i}`, 2, 64, 64)));
        }
        const words = ["swap", "--model", at("model.safetensors"), "--input", at("faces"), "--attribute", "Bangs"];
        const submit = ["--redis", server.url, "--parts", "2", "--json"];
        const line = [...submit, ...words, "--reference", at("faces/0.png"), "--out", at("out")];
        assert.equal((await elegant("queue", "submit", ...line)).code, 0);
        // The state that a worker leaves if it is killed while it writes.
        await mkdir(at("out"));
        await writeFile(at("out/0-Bangs.png"), "of the first attempt");
        const worked = await elegant("queue", "work", "--redis", server.url, "--root", dir, "--until-empty", "--json");
        assert.deepEqual(JSON.parse(worked.stdout), { done: 2, failed: 0, released: 0 }, worked.stderr);
        assert.equal((await readdir(at("out"))).length, 17 + 2);
        assert.ok((await readFile(at("out/0-Bangs.png"))).length > 1000);
        const again = await elegant("queue", "submit", ...line);
        assert.equal(again.code, 2);
        assert.match(again.stderr, /out\/0-Bangs\.png: expected a path that does not exist, received an existing file/);
      }));

    it("gives a part up after its attempts, and one that kills its process like any other", () =>
      withFolder(async (dir) => {
        const script = join(dir, "fake.mjs");
        // Part 0 is done, part 1 succeeds at its second attempt, part 2 always fails, part 3 dies.
        const fake = `
          import { existsSync, writeFileSync } from "node:fs";
          const part = process.argv.at(-2);
          const tried = ${JSON.stringify(join(dir, "tried"))};
          if (part === "1/4" && !existsSync(tried)) {
            writeFileSync(tried, "");
            console.error("elegant: the disk is full");
            process.exitCode = 4;
          }
          if (part === "2/4") { console.error("elegant: the disk stays full"); process.exitCode = 4; }
          if (part === "3/4") process.kill(process.pid, "SIGKILL");
        `;
        await writeFile(script, fake);
        const redis = await connectRedis(server.url, true);
        try {
          const name = "poison";
          const flow = { name, argv: ["synth", "faces"], mergeArgv: ["merge", "x"], cwd: dir, parts: 4, attempts: 2 };
          const id = await submitFlow(redis, { ...flow, backoffSeconds: 0.1 });
          const [printed, passed]: string[][] = [[], []];
          const options: WorkOptions = {
            ...{ name, stalledSeconds: 30, untilEmpty: true, command: [process.execPath, script] },
            admit: async ({ cwd }) => cwd,
            signal: new AbortController().signal,
            print: (line) => printed.push(line),
            onLine: (line) => passed.push(line),
          };
          const report = await work(redis, options);
          assert.deepEqual(report, { done: 2, failed: 5, released: 0 });
          const [status] = await readFlows(redis, name, id);
          assert.deepEqual([status.state, status.done, status.partial, status.waiting], ["failed", 2, 0, 0]);
          assert.deepEqual(status.lost, [
            { shard: "2/4", reason: "the disk stays full" },
            { shard: "3/4", reason: "ended by SIGKILL" },
          ]);
          assert.ok(printed.some((line) => line.includes("part 1/4: synth faces --part 1/4 --json, attempt 2")));
          // The lines of the parts themselves are apart, so that a worker can leave them out.
          assert.ok(
            passed.some((line) => line.endsWith("part 1/4: elegant: the disk is full")),
            passed.join("\n"),
          );
          assert.ok(!printed.some((line) => line.includes("elegant: ")), printed.join("\n"));
        } finally {
          redis.disconnect();
        }
      }));
  });
});
