/** Mocha's reporter for both runs of the tests: the usual one, and a table of the slowest files above its summary. */
import { relative } from "node:path";
import { type Hook, type MochaOptions, type Runner, reporters, type Test } from "mocha";

const SHOWN = 10;

/** The lines of the table: seconds in tests and hooks, number of tests, file. The slowest file comes first. */
export function describeSlowest(
  ended: readonly Pick<Test | Hook, "type" | "file" | "duration">[],
  root: string,
): string[] {
  const files = new Map<string, { milliseconds: number; tests: number }>();
  for (const { type, file = "", duration = 0 } of ended) {
    const sum = files.get(file) ?? { milliseconds: 0, tests: 0 };
    files.set(file, { milliseconds: sum.milliseconds + duration, tests: sum.tests + (type === "test" ? 1 : 0) });
  }
  const slowest = [...files].sort(([, a], [, b]) => b.milliseconds - a.milliseconds).slice(0, SHOWN);
  return slowest.map(([file, { milliseconds, tests }]) => {
    const seconds = (milliseconds / 1000).toFixed(1).padStart(8);
    return `${seconds} s  ${String(tests).padStart(4)} tests  ${relative(root, file)}`;
  });
}

export default class SlowestFiles extends reporters.Spec {
  constructor(runner: Runner, options?: MochaOptions) {
    const ended: (Test | Hook)[] = [];
    runner.on("test end", (test) => ended.push(test));
    runner.on("hook end", (hook) => ended.push(hook));
    // Registered before Mocha's own reporter, whose summary has to be the end of the output (.ci/run reads it).
    runner.once("end", () => {
      console.log(`\n  The slowest files, by seconds in tests and hooks:\n`);
      for (const line of describeSlowest(ended, process.cwd())) console.log(line);
    });
    super(runner, options);
  }
}
