/**
 * Puts twice the load that it can take on the HTTP service of examples/, for ten minutes: every request must be answered, with an
 * edit or with 503. Started by hand: npm run soak:http -- [MINUTES]
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeSynth } from "../../src/synth/write.js";
import { fromRoot } from "../support/spawn.js";

const MINUTES = Number(process.argv[2] ?? 10);
const CALIBRATION = 20; // seconds
const folder = await mkdtemp(join(tmpdir(), "elegant-soak-"));

const photo = (index: number): string => join(folder, `photos/images/${String(index).padStart(6, "0")}.jpg`);

async function residentMiB(pid: number): Promise<number> {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}

try {
  await writeSynth({ directory: join(folder, "photos"), count: 12, seed: 1, workers: 1 });
  await mkdir(join(folder, "references"));
  await copyFile(photo(5), join(folder, "references/friend.jpg"));
  const server = spawn(
    process.execPath,
    [fromRoot("examples/http-service/server.js"), join(folder, "references"), "painted", "0"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = once(server, "exit");
  try {
    const [line] = await once(server.stdout.setEncoding("utf8"), "data");
    const [url = ""] = /^http:\/\/\S+?(?=,)/.exec(String(line)) ?? [];
    const body = new Uint8Array(await readFile(photo(12)));
    const request = async (): Promise<{ status: number; seconds: number }> => {
      const began = performance.now();
      const response = await fetch(`${url}/edit?attribute=Eyeglasses&reference=friend`, { method: "POST", body });
      await response.arrayBuffer();
      if (response.status === 503) assert.equal(response.headers.get("retry-after"), "2");
      return { status: response.status, seconds: (performance.now() - began) / 1000 };
    };

    await request();
    const until = performance.now() + CALIBRATION * 1000;
    let served = 0;
    const client = async (): Promise<void> => {
      while (performance.now() < until) if ((await request()).status === 200) served++;
    };
    await Promise.all([client(), client()]);
    const capacity = served / CALIBRATION;
    console.log(`capacity: ${capacity.toFixed(1)} photos a second, from two clients that wait for their answers`);

    const pending: Promise<{ status: number; seconds: number } | Error>[] = [];
    const memory: number[] = [];
    const began = performance.now();
    const interval = 1000 / (2 * capacity);
    for (let i = 0; performance.now() - began < MINUTES * 60_000; i++) {
      pending.push(request().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))));
      if (i % Math.ceil(20 * capacity) === 0 && server.pid !== undefined) memory.push(await residentMiB(server.pid));
      await sleep(Math.max(0, began + (i + 1) * interval - performance.now()));
    }
    const answers = await Promise.all(pending);
    const lost = answers.filter((answer) => answer instanceof Error);
    const statuses = new Map<number, number>();
    const seconds: number[] = [];
    for (const answer of answers) {
      if (answer instanceof Error) continue;
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status === 200) seconds.push(answer.seconds);
    }
    seconds.sort((a, b) => a - b);
    const quantile = (share: number): string => seconds[Math.floor(share * (seconds.length - 1))].toFixed(2);
    console.log(
      `${answers.length} requests in ${MINUTES} minutes, ${(answers.length / MINUTES / 60).toFixed(1)} a second`,
    );
    console.log(
      `answers: ${[...statuses].map(([status, count]) => `${count} of ${status}`).join(", ")}; lost: ${lost.length}`,
    );
    console.log(
      `an edit took ${quantile(0.5)} s in the median, ${quantile(0.99)} s at the 99th percentile, ${quantile(1)} s at most`,
    );
    const third = Math.ceil(memory.length / 3);
    const largest = (values: readonly number[]): string => Math.max(...values).toFixed(0);
    console.log(
      `resident memory: at most ${largest(memory.slice(third, 2 * third))} MiB in the second third, ${largest(memory.slice(2 * third))} in the last`,
    );
    assert.equal(lost.length, 0, String(lost[0]));
    assert.deepEqual([...statuses.keys()].sort(), [200, 503]);
    server.kill("SIGTERM");
    assert.equal((await ended)[0], 0);
  } finally {
    server.kill("SIGKILL");
    await ended;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
