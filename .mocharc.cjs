/**
 * Mocha's settings for `npm test`. Files run in parallel, each in one of a few processes. The slowest files start first, so that
 * none of them runs alone at the end; each run prints a new table of them (test/support/slowest-files.ts).
 */
const { readdirSync } = require("node:fs");
const { availableParallelism } = require("node:os");
const { join } = require("node:path");

const FOLDER = "dist/test";
const SLOWEST = [
  ...["cli/table", "cli/demo", "cli/align", "cli/part", "training/left-out", "training/resume", "cli/score"],
  ...["cli/planned", "documents", "training/from", "cli/fid", "scoring/judge", "metrics/inception", "cli/train"],
  ...["training/loop", "cli/import", "web/page", "training/kill", "methods/kill", "preprocess/preprocess.kill"],
].map((name) => `${name}.test.js`);

const all = readdirSync(FOLDER, { recursive: true })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".test.js"))
  .sort();

module.exports = {
  spec: [...SLOWEST, ...all.filter((name) => !SLOWEST.includes(name))].map((name) => join(FOLDER, name)),
  timeout: 900_000,
  "forbid-only": true,
  parallel: true,
  // Many tests use several threads themselves.
  jobs: Math.max(2, Math.floor(availableParallelism() / 2)),
  reporter: "./dist/test/support/slowest-files.js",
};
