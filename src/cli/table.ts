/** `elegant table RUN DATA`: computes the paper's Table 1 for a trained run. */
import { dirname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ExtractorName } from "../metrics/extractors.js";
import type { OtherSystem } from "../metrics/table.js";
import { alignColumns } from "./columns.js";
import { type CommandContext, type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";
import { openDeviceFor } from "./device.js";
import { checkOutputFile } from "./editing.js";
import { refuseOddPath } from "./paths.js";

interface Options extends CommonOptions<"seed" | "workers" | "device"> {
  readonly out?: string;
  readonly images?: string;
  readonly limit: number;
  readonly dims: string;
  readonly features: ExtractorName;
  readonly weights?: string;
  readonly systems?: readonly OtherSystem[];
}

const HELP = `
For each attribute: the FID of pictures with it added against real ones with it, and of pictures with it removed against real
ones without. Held-out pictures where there are at least 50 of each side, else all. "no edit" is the distance of the two sides.
--systems NAME=DIR adds another method's pictures from DIR/ATTRIBUTE/added and DIR/ATTRIBUTE/removed.

Example:
  elegant table runs/first faces-64 --features random-inception --out table.html`;

/** Collects NAME=DIR. */
function system(text: string, before: readonly OtherSystem[] | undefined): readonly OtherSystem[] {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError(`Expected NAME=DIR, received '${text}'.`);
  refuseOddPath("--systems", text.slice(at + 1));
  return [...(before ?? []), { name: text.slice(0, at), folder: text.slice(at + 1) }];
}

export function registerTable(program: Command): void {
  withCommonOptions(program.command("table <run> <data>"), ["seed", "workers", "device"])
    .description("the paper's Table 1 for a run: FID of adding and removing each attribute")
    .option("--out <file>", "an HTML page of the table")
    .option("--images <dir>", "the pictures' folder, within DATA or absolute")
    .option("--limit <n>", "the most pictures of each side", integer(2), 1000)
    .addOption(new Option("--dims <n>", "features").choices(["64", "192", "768", "2048"]).default("2048"))
    .addOption(
      new Option("--features <name>", "the network").choices(["inception", "random-inception"]).default("inception"),
    )
    .option("--weights <file>", "Inception's weights (.pth or .safetensors)")
    .addOption(new Option("--systems <name=dir>", "other methods' pictures; may be repeated").argParser(system))
    .addHelpText("after", HELP)
    .action(async (run: string, data: string, options: Options) => {
      await runCommand(options, (context) => makeTable(run, data, options, context));
    });
}

async function makeTable(run: string, data: string, options: Options, context: CommandContext): Promise<void> {
  const { openDataset } = await import("../dataset/dataset.js");
  const { deviceWords } = await import("../device/node/announce.js");
  const { openGenerator } = await import("../models/open.js");
  const { openExtractor } = await import("../metrics/extractors.js");
  const table = await import("../metrics/table.js");
  const { Linalg } = await import("../metrics/linalg.js");
  if (options.out !== undefined) await checkOutputFile(options.out, "--out");
  const dataset = await openDataset(data, options.images, context.onProgress, context.warn);
  const device = await openDeviceFor(
    ({ featureTrial }) => featureTrial({ ...options, batch: table.PAIRS_AT_ONCE }),
    options,
    context,
  );
  const linalg = await Linalg.open(options.workers);
  try {
    const dims = Number(options.dims) as 64 | 192 | 768 | 2048;
    const opened = await openExtractor(options.features, dims, options.weights, options.seed);
    const generator = await openGenerator(run);
    for (const warning of generator.warnings) context.print(warning);
    const { extractor } = opened;
    context.print(`${generator.source}, ${extractor.name}${await deviceWords(device, options)}`);
    const { systems = [], limit, workers } = options;
    const { onProgress } = context;
    const { size, attributes } = generator.config;
    const made = await table.computeTable(linalg, {
      systems: [{ name: "this run", generatorOf: () => generator }],
      others: systems,
      attributes,
      size,
      dataset,
      extractor,
      limit,
      workers,
      onProgress,
      warn: context.warn,
    });
    const label = `${extractor.name}, ${dims} dims${extractor.comparable ? "" : ", not comparable with published scores"}`;
    const counts = attributes.map((name) => `${name} ${made.pictures[name]}`).join(", ");
    const caption = `FID, added / removed, lower is better; ${label}. ${made.heldOut ? "Held-out" : "All"} pictures of ${size} px of each side: ${counts}.`;
    const rows = table.formatRows(made, attributes);
    const columns = ["system", ...attributes];
    context.print(caption);
    for (const line of alignColumns([columns, ...rows])) context.print(line);
    const published = publishedRows(table.PUBLISHED_TABLE, attributes, table.formatPair);
    const publishedCaption =
      "The paper's Table 1: CelebA at 256 px with the published Inception. Other data and another size: not to be compared with the rows above.";
    if (published.length > 0) {
      context.print(publishedCaption);
      for (const line of alignColumns([columns, ...published])) context.print(line);
    }
    if (options.out !== undefined) {
      await writePage(options.out, generator.source, [
        { title: "This run", caption, columns, rows },
        ...(published.length > 0 ? [{ title: "Published", caption: publishedCaption, columns, rows: published }] : []),
      ]);
      context.print(options.out);
    }
    context.printJson({
      ...made,
      features: extractor.name,
      comparable: extractor.comparable,
      dims,
      size,
      published: table.PUBLISHED_TABLE,
    });
    generator.dispose();
    opened.dispose();
  } finally {
    await linalg.close();
    await device.close();
  }
}

/** The published rows for these attributes; empty if the paper has none of them. */
function publishedRows(
  table: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>>,
  attributes: readonly string[],
  pair: (added: number, removed: number) => string,
): string[][] {
  if (!attributes.some((name) => name in (table.ELEGANT ?? {}))) return [];
  return Object.entries(table).map(([name, scores]) => {
    return [
      name,
      ...attributes.map((attribute) => (scores[attribute] === undefined ? "" : pair(...scores[attribute]))),
    ];
  });
}

async function writePage(
  path: string,
  source: string,
  tables: readonly {
    title: string;
    caption: string;
    columns: readonly string[];
    rows: readonly (readonly string[])[];
  }[],
): Promise<void> {
  const { renderReport } = await import("../report/render.js");
  const { ensureDir, writeFileAtomic } = await import("../files.js");
  const { packageVersion } = await import("../version.js");
  const html = renderReport({
    title: "Adding and removing attributes",
    generatedBy: `elegant-faces ${packageVersion()}, elegant table`,
    summary: [`Edits by ${source}.`],
    figures: [],
    watchdog: null,
    sheets: [],
    tables,
    losses: [],
    scores: [],
    scoresCaption: "",
    stages: [],
    machine: [],
    settings: [],
    commands: [],
    notes: [],
  });
  await ensureDir(dirname(path));
  await writeFileAtomic(path, html);
}
