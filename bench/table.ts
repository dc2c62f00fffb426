/**
 * Prints the table of docs/performance.md from the results in bench/results/. Usage: npm run bench:table, after
 * bench:cpu, bench:fid and bench:preprocess on any number of versions of Node.js. Times are those of the newest one.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable } from "./markdown.js";
import { RESULTS, type Results } from "./report.js";

/** The benches whose targets the table has, in its order. */
const BENCHES = ["cpu", "fid", "preprocess"];

const files = existsSync(RESULTS) ? readdirSync(RESULTS).sort() : [];
const results = BENCHES.flatMap((bench) =>
  files
    .filter((file) => new RegExp(`^${bench}-node\\d+-\\w+\\.json$`).test(file))
    .map((file) => JSON.parse(readFileSync(join(RESULTS, file), "utf8")) as Results),
);
if (results.length === 0) {
  console.error(`bench:table: expected results of ${BENCHES.join(", ")} in ${RESULTS}, found none. Run them first.`);
  process.exit(2);
}
process.stdout.write(markdownTable(results));
