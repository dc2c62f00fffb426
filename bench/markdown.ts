/** The table of docs/performance.md: every row that has a target, with a column of ratios for each engine and build. */
import type { Row } from "./measure.js";
import type { Results } from "./report.js";

/** Results on one Node.js with one build of the kernels, from one or more benches. */
interface Engine {
  readonly major: number;
  readonly build: string;
  readonly results: readonly Results[];
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

const majorOf = (node: string): number => Number(node.replace(/^v/, "").split(".")[0]);

/** Newest Node.js first; relaxed before plain. */
function enginesOf(all: readonly Results[]): readonly Engine[] {
  const engines = new Map<string, { major: number; build: string; results: Results[] }>();
  for (const results of all) {
    const [major, { build }] = [majorOf(results.node), results];
    const key = `${major} ${build}`;
    const engine = engines.get(key) ?? { major, build, results: [] };
    engine.results.push(results);
    engines.set(key, engine);
  }
  return [...engines.values()].sort((a, b) => b.major - a.major || b.build.localeCompare(a.build));
}

/** Three digits, without an exponent. */
function digits(value: number | null): string {
  if (value === null) return "";
  return Number(value.toPrecision(3)).toLocaleString("en-GB", { maximumSignificantDigits: 3 });
}

const keyOf = ({ work, peer }: Row): string => `${work}\n${peer}`;

/** The rows with a target, by work and peer. */
function targetsOf({ results }: Engine): ReadonlyMap<string, Row> {
  const rows = results.flatMap((each) => each.rows).filter(({ atMost }) => atMost !== null);
  return new Map(rows.map((row) => [keyOf(row), row]));
}

const nameOf = ({ major, build }: Engine): string => `Node ${major}, ${build}`;

/** What was measured where, one line per engine. */
function aboutEngine({ results }: Engine): string {
  const [{ machine, node, v8, build }] = results;
  const dates = [...new Set(results.map(({ date }) => DAY.format(new Date(date))))].join(" and ");
  const commands = [...new Set(results.map(({ command }) => `\`${command}\``))].join(", ");
  const unset = [...new Set(results.flatMap((each) => each.unset))].map((variable) => ` without ${variable}`).join("");
  return `${machine}; Node.js ${node} (V8 ${v8}), ${build} kernels; ${dates}; ${commands}${unset && `; Python peers${unset}`}.`;
}

/**
 * @param all results of the benches in the order of the table's rows, from any number of engines on one machine
 * @returns Markdown: the table with the times of the newest engine, an empty line, and a line for each engine
 */
export function markdownTable(all: readonly Results[]): string {
  const engines = enginesOf(all);
  if (engines.length === 0) return "";
  const ratios = engines.length === 1 ? ["ratio"] : engines.map((engine) => `ratio: ${nameOf(engine)}`);
  const header = ["work", "ours, ms", "spread", "peer", "peer, ms", ...ratios, "at most"];
  const targets = engines.map(targetsOf);
  // A Map keeps the place of a key's first row and the value of its last, which must be that of the newest engine.
  const rows = new Map([...targets, ...targets.toReversed()].flatMap((each) => [...each]));
  let before = "";
  const lines = [...rows].map(([key, { work, oursMs, spread, peer, peerVersion, peerMs, atMost }]) => {
    const named = work === before ? "the same" : work;
    before = work;
    const against = [peer, peerVersion].filter((part) => part !== null).join(" ");
    const measured = [digits(oursMs), spread.toFixed(2), against, digits(peerMs)];
    return [named, ...measured, ...targets.map((each) => digits(each.get(key)?.ratio ?? null)), digits(atMost)];
  });
  const asRow = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table = [asRow(header), `|${"---|".repeat(header.length)}`, ...lines.map(asRow)];
  return [...table, "", ...engines.map(aboutEngine), ""].join("\n");
}
