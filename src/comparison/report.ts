/** Writes a comparison: as JSON, as Markdown, as a page, and as a sheet with one row of images for each system. */
import { join } from "node:path";
import { writeFileAtomic } from "../files.js";
import { writePicture } from "../image/picture-files.js";
import { publishedRows } from "../metrics/published-table.js";
import { formatRows } from "../metrics/table.js";
import type { ReportTable } from "../report/model.js";
import { renderReport } from "../report/render.js";
import type { AttributeScore } from "../report/scored.js";
import { encodeRows } from "../report/sheet.js";
import { composeSheet, sheetScale } from "../sheet/sheet.js";
import type { RgbaImage } from "../types.js";
import type { Comparison, SystemScores } from "./compare.js";
import type { ComparisonPlan } from "./plan.js";

export interface ComparisonFacts {
  readonly plan: ComparisonPlan;
  /** The features' name, and whether the distances can be compared with published ones. */
  readonly features: string;
  readonly comparable: boolean;
  readonly dims: number;
  /** Program and version. */
  readonly generatedBy: string;
  readonly machine: string;
  readonly command: string;
}

const meanOf = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
};
const percent = (share: number | undefined): string => (share === undefined ? "" : `${(100 * share).toFixed(1)} %`);
const decibels = (value: number | undefined): string =>
  value === undefined ? "" : `${value >= 0 ? "+" : ""}${value.toFixed(2)}`;

/** "12 min 30 s" */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** The comparison as elegant table --json prints it (design.md). */
export function comparisonJson({ table, systems }: Comparison, facts: ComparisonFacts): object {
  const { plan, features, comparable, dims } = facts;
  return {
    systems: systems.map(({ name, rows, shown: _, ...numbers }) => ({
      name,
      attributes: plan.attributes.map((attribute) => {
        const own = rows.filter((row) => row.name === attribute);
        const distance = table.rows.find((row) => row.system === name && row.attribute === attribute);
        const mean = (of: (row: AttributeScore) => number | undefined) => meanOf(own.map(of));
        return {
          name: attribute,
          added: distance?.added,
          removed: distance?.removed,
          hit: mean(({ hit }) => hit),
          kept: mean(({ kept }) => kept),
          identity: mean(({ same }) => same),
          wholeGain: mean(({ wholeGain }) => wholeGain),
          regionGain: mean(({ regionGain }) => regionGain),
        };
      }),
      ...numbers,
    })),
    others: table.rows.filter(({ system }) => !systems.some(({ name }) => name === system)),
    ...{ data: plan.data, size: plan.size, seed: plan.seed, features, comparable, dims },
    ...{ pictures: table.pictures, heldOut: table.heldOut },
  };
}

/** The budget in words. */
function budgetOf({ seconds, updates }: ComparisonPlan): string {
  return seconds === null ? `${updates} updates` : `${duration(seconds)} of updates`;
}

/** All tables, in the order of the page. */
export function comparisonTables({ table, systems }: Comparison, facts: ComparisonFacts): readonly ReportTable[] {
  const { plan, features, comparable, dims } = facts;
  const { attributes } = plan;
  const counts = attributes.map((name) => `${name} ${table.pictures[name]}`).join(", ");
  const published = publishedRows(attributes);
  const scoreRow = ({ name, rows }: SystemScores): string[] => [
    name,
    ...attributes.map((attribute) => {
      const own = rows.filter((row) => row.name === attribute);
      return [percent(meanOf(own.map(({ hit }) => hit))), percent(meanOf(own.map(({ kept }) => kept)))].join(" / ");
    }),
    percent(meanOf(rows.map(({ same }) => same))),
  ];
  const isPainted = systems.some(({ rows }) => rows.some(({ wholeGain }) => wholeGain !== undefined));
  return [
    {
      title: "Frechet distance, added / removed",
      caption: `Lower is better. ${features}, ${dims} dims${comparable ? "" : ", not comparable with published scores"}. ${table.heldOut ? "Held-out" : "All"} pictures of each side: ${counts}. "no edit" is the distance of the two sides.`,
      columns: ["system", ...attributes],
      rows: formatRows(table, attributes),
    },
    ...(published.length === 0
      ? []
      : [
          {
            title: "The paper's Table 1",
            caption: `CelebA at 256 px with the published Inception; the rows above have other data (${plan.data}), ${plan.size} px, ${facts.features}, and ${budgetOf(plan)} for each system. Only the order of systems can be compared.`,
            columns: ["system", ...attributes],
            rows: published,
          },
        ]),
    {
      title: "Hit / others kept",
      caption:
        "By a classifier that was trained on the training pictures: how often the edit has the wanted attribute, and how often the decisions on all other attributes stay. The last column is the share of pairs in which the face is still the same person by its descriptor.",
      columns: ["system", ...attributes, "same person"],
      rows: systems.map(scoreRow),
    },
    ...(isPainted
      ? [
          {
            title: "Gain over no edit, in dB over the whole picture / in the region",
            caption:
              "Against the painter's true result with the reference's style of the attribute. A system without a reference cannot know that style.",
            columns: ["system", ...attributes],
            rows: systems.map(({ name, rows }) => [
              name,
              ...attributes.map((attribute) => {
                const own = rows.filter((row) => row.name === attribute);
                const [whole, region] = [meanOf(own.map((r) => r.wholeGain)), meanOf(own.map((r) => r.regionGain))];
                return whole === undefined ? "" : `${decibels(whole)} / ${decibels(region)}`;
              }),
            ]),
          },
        ]
      : []),
    {
      title: "What was trained",
      caption: `The same pictures and the same budget for each system: ${budgetOf(plan)}. A system with several models divides it among them. Parameters are those that edit.`,
      columns: ["system", "width", "models", "updates", "time", "parameters", "an image"],
      rows: systems.map(({ name, width, models, updates, seconds, parameters, secondsPerImage }) => [
        name,
        `${width}`,
        `${models}`,
        `${updates}`,
        duration(seconds),
        `${(parameters / 1e6).toFixed(2)} M`,
        `${(1000 * secondsPerImage).toFixed(0)} ms`,
      ]),
    },
  ];
}

/** The same images for all systems: their names, and the image of each column. */
function sheetRows({ systems }: Comparison): { readonly names: string[]; readonly rows: RgbaImage[][] } {
  const [{ shown }] = systems;
  const first = shown.flat();
  const names = ["input", "reference"];
  const rows = [first.map(({ inputPicture }) => inputPicture), first.map(({ referencePicture }) => referencePicture)];
  const truths = first.flatMap(({ truth }) => (truth === null ? [] : [truth.truth]));
  if (truths.length === first.length && first.length > 0) {
    names.push("truth");
    rows.push(truths);
  }
  for (const system of systems) {
    names.push(system.name);
    rows.push(system.shown.flat().map(({ swap }) => swap));
  }
  return { names, rows };
}

/** Labels below the images: a row's name below its first one. */
function rowNames(names: readonly string[], columns: number): string[][] {
  return names.map((name) => Array.from({ length: columns }, (_, column) => (column === 0 ? name : "")));
}

const markdownRow = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function toMarkdown(tables: readonly ReportTable[], facts: ComparisonFacts): string {
  const parts = tables.map(({ title, caption, columns, rows }) =>
    [
      `## ${title}`,
      "",
      caption,
      "",
      markdownRow(columns),
      markdownRow(columns.map(() => "---")),
      ...rows.map(markdownRow),
    ].join("\n"),
  );
  const head = `# Table 1\n\n${facts.generatedBy}, on ${facts.machine}: \`${facts.command}\``;
  return `${[head, ...parts].join("\n\n")}\n`;
}

/** Writes table.json, table.md, table.html and sheet.png. @returns their paths */
export async function writeComparison(
  folder: string,
  comparison: Comparison,
  facts: ComparisonFacts,
): Promise<readonly string[]> {
  const tables = comparisonTables(comparison, facts);
  const { names, rows } = sheetRows(comparison);
  const [{ shown }] = comparison.systems;
  const columns = shown.flatMap((pairs) =>
    pairs.map(({ attribute, adding }) => `${attribute} ${adding ? "added" : "removed"}`),
  );
  const [json, markdown, page, sheet] = ["table.json", "table.md", "table.html", "sheet.png"].map((name) =>
    join(folder, name),
  );
  await writeFileAtomic(json, `${JSON.stringify(comparisonJson(comparison, facts), null, 1)}\n`);
  await writeFileAtomic(markdown, toMarkdown(tables, facts));
  const html = renderReport({
    title: "Table 1: adding and removing attributes",
    generatedBy: facts.generatedBy,
    summary: [
      `${comparison.systems.length} systems, trained on ${facts.plan.data} at ${facts.plan.size} px with ${budgetOf(facts.plan)} each.`,
    ],
    figures: [],
    watchdog: null,
    sheets: [
      {
        title: "The same edits by each system",
        caption: `Held-out pictures. Rows: ${names.join(", ")}.`,
        grids: [{ columns, rows: await encodeRows(rows, rowNames(names, columns.length)) }],
      },
    ],
    tables,
    losses: [],
    scores: [],
    scoresCaption: "",
    stages: [],
    machine: [{ label: "machine", value: facts.machine }],
    settings: Object.entries(facts.plan).map(([label, value]) => ({ label, value: `${value ?? "none"}` })),
    commands: [facts.command],
    notes: [],
  });
  await writeFileAtomic(page, html);
  const scale = sheetScale(rows[0][0].width);
  await writePicture(sheet, composeSheet(rows, { scale, labels: { rows: names, columns } }));
  return [page, markdown, json, sheet];
}
