/**
 * Mocha's settings for both runs of the tests. `npm test` takes the files NAME.test.ts; `npm run test:long` takes
 * NAME.long.test.ts and NAME.kill.test.ts. Files run in parallel, each in one of a few processes. The slowest files start first,
 * so that none of them runs alone at the end; each run prints a new table of them (support/slowest-files.ts).
 */
const { readdirSync } = require("node:fs");
const { availableParallelism } = require("node:os");
const { join } = require("node:path");

const SLOWEST = {
  short: [
    ...["cli/verify", "device/wasm/matmul", "cli/train", "preprocess/detect", "cli/align", "training/resume"],
    ...["training/loop", "cli/import-methods", "cli/fid", "cli/label", "cli/part"],
  ],
  long: [
    ...["preprocess/detect.long", "training/loop.kill", "preprocess/detect.kill", "cli/table.long", "cli/demo.long"],
    ...["methods/elegant/modern.long", "training/disk-full.long", "queue/queue.long", "methods/methods.kill"],
    ...["cli/own-data.long", "cli/one-thread.long", "preprocess/preprocess.kill", "cli/planned.long", "web/page.long"],
    ...["cli/plan.long", "cli/part.long", "cli/score.long", "training/left-out.long", "metrics/frechet-2048.long"],
  ],
};

/** The settings of a run: "short" or "long". */
function settingsOf(run) {
  // From the sources, because dist keeps the compiled tests of sources that are gone until the next `npm run build`.
  const all = readdirSync(__dirname, { recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".test.ts") && /\.(long|kill)\.test\.ts$/.test(name) === (run === "long"))
    .map((name) => name.replace(/\.test\.ts$/, ""))
    .sort();
  const first = SLOWEST[run];
  return {
    spec: [...first, ...all.filter((name) => !first.includes(name))].map((name) =>
      join("dist/test", `${name}.test.js`),
    ),
    timeout: 900_000,
    "forbid-only": true,
    parallel: true,
    // Many tests use several threads themselves.
    jobs: Math.max(2, Math.floor(availableParallelism() / 2)),
    reporter: "./dist/test/support/slowest-files.js",
  };
}

module.exports = { settingsOf };
