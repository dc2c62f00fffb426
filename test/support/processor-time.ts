/**
 * A reporter that prints the processor time of each test file: of its tests and hooks, with all threads and the processes that they
 * waited for. Unlike wall time, it does not depend on what else the machine does.
 * Usage: npx mocha --no-parallel --reporter dist/test/support/processor-time.js (Linux; one process runs all files)
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { type Hook, type MochaOptions, type Runner, reporters, type Test } from "mocha";

/** Seconds per unit of /proc/self/stat. */
const TICK = 1 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** Seconds of this process, its threads and the children that have ended: utime, stime, cutime and cstime. */
function secondsSoFar(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
  return TICK * fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

export default class ProcessorTime extends reporters.Base {
  constructor(runner: Runner, options?: MochaOptions) {
    super(runner, options);
    let before = secondsSoFar();
    const files = new Map<string, number>();
    const count = (ended: Test | Hook, kind: string): void => {
      const now = secondsSoFar();
      const file = relative(process.cwd(), ended.file ?? "");
      files.set(file, (files.get(file) ?? 0) + now - before);
      const words = [
        (now - before).toFixed(2),
        kind,
        ended.state ?? "pending",
        file,
        ended.title.replaceAll("\n", " "),
      ];
      console.log(words.join("\t"));
      before = now;
    };
    runner.on("test end", (test) => count(test, "test"));
    runner.on("hook end", (hook) => count(hook, "hook"));
    runner.on("fail", (test, error) => console.log(`failed\t${test.fullTitle()}\t${error.stack ?? error}`));
    runner.once("end", () => {
      const sum = [...files.values()].reduce((a, b) => a + b, 0);
      for (const [file, seconds] of [...files].sort(([, a], [, b]) => b - a)) {
        console.log(`${seconds.toFixed(2)}\tfile\t${file}`);
      }
      console.log(`${sum.toFixed(2)}\tall files`);
    });
  }
}
