/** `elegant inspect DATA`: shows the contents of a data set, whether it is complete, and what it looks like. */
import { stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import type { Inspection, SamplePicture, Sides } from "../dataset/inspect.js";
import { formatName, RAW_ON_DISK } from "../dataset/store.js";
import { describeMismatch, InputError } from "../errors.js";
import type { RgbaImage } from "../types.js";
import { alignColumns } from "./columns.js";
import { type CommandContext, type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";
import { checkOutputs } from "./editing.js";

interface Options extends CommonOptions<"workers"> {
  readonly images?: string;
  /** False with --no-sheet. */
  readonly sheet?: string | false;
  readonly count: number;
  readonly check: boolean;
}

/** Side in pixels to which larger images are reduced. */
const SHOWN_SIDE = 256;
const PROBLEMS_SHOWN = 10;
const SIZES_SHOWN = 5;

const HELP = `
DATA is what elegant preprocess has written in any format, or another folder that elegant train takes. The sheet shows pictures
spread evenly over the set, each row under the name of its first. A picture that is listed and not there, or cannot be decoded,
is a problem: the command then ends with code 3. Without --check only the pictures of the sheet are decoded.

Examples:
  elegant inspect faces-256
  elegant inspect faces-256 --check --count 96 --sheet look.png`;

export function registerInspect(program: Command): void {
  withCommonOptions(program.command("inspect <data>"), ["workers"])
    .description("what is in a data set: counts, sizes, failures, a contact sheet; is all of it there?")
    .option("--images <dir>", "the pictures' folder, within DATA or absolute")
    .option("--sheet <file>", "the contact sheet; default DATA-sheet.png next to DATA")
    .option("--no-sheet", "no contact sheet")
    .option("--count <n>", "pictures of the sheet", integer(1, 1000), 48)
    .option("--check", "decode every picture", false)
    .addHelpText("after", HELP)
    .action(async (data: string, options: Options) => {
      await runCommand(options, (context) => inspect(data, options, context));
    });
}

async function inspect(data: string, options: Options, context: CommandContext): Promise<void> {
  const { images, count, check, workers, json } = options;
  const sheet = options.sheet === false ? null : (options.sheet ?? defaultSheet(data));
  if (sheet !== null) await checkSheetPath(sheet);
  const { inspectDataset } = await import("../dataset/inspect.js");
  const { onProgress, warn: onWarning } = context;
  const found = await inspectDataset(data, { images, count, check, workers, onProgress, onWarning });
  const { inspection, sample } = found;
  const written = sheet !== null && sample.length > 0 ? sheet : null;
  if (written !== null) {
    const { writePicture } = await import("../image/picture-files.js");
    await writePicture(written, await composeSample(sample));
  }
  if (!json) for (const line of describe(resolve(data), inspection)) context.print(line);
  if (written !== null) context.print(`sheet of ${sample.length} pictures: ${written}`);
  context.printJson({ ...inspection, sheet: written });
  if (inspection.problems.length > 0) context.markPartial();
}

function defaultSheet(data: string): string {
  const folder = resolve(data);
  return join(dirname(folder), `${basename(folder)}-sheet.png`);
}

/** @throws InputError if no image can be written there */
async function checkSheetPath(path: string): Promise<void> {
  if (extname(path).toLowerCase() !== ".png") {
    throw new InputError(describeMismatch("--sheet", "a file named *.png", `'${path}'`, "Give it that ending."));
  }
  if ((await stat(path).catch(() => null))?.isDirectory() === true) {
    throw new InputError(describeMismatch("--sheet", "a file", `the folder ${path}`, "Name a file in it."));
  }
  await checkOutputs(dirname(path), [path], [], "--sheet");
}

/** Arranges the sample in about three columns for two rows, as on screens. */
async function composeSample(sample: readonly SamplePicture[]): Promise<RgbaImage> {
  const { composeSheet, sheetScale } = await import("../sheet/sheet.js");
  const { readSource } = await import("../image/source.js");
  const { Pixels, wholeOf } = await import("../image/pixels.js");
  const { loadModule } = await import("../kernels/module.js");
  const pixels = new Pixels(await loadModule("image"));
  const widest = Math.ceil(Math.sqrt(sample.length * 1.5));
  const columns = Math.ceil(sample.length / Math.ceil(sample.length / widest)); // the last row is nearly full
  const rows: RgbaImage[][] = [];
  for (const [i, { source }] of sample.entries()) {
    const picture = await readSource(source);
    const shrink = SHOWN_SIDE / Math.max(picture.width, picture.height);
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * shrink)));
    const shown = shrink < 1 ? pixels.resize(picture, wholeOf(picture), width, height) : picture;
    if (i % columns === 0) rows.push([]);
    rows[rows.length - 1].push(shown);
  }
  const labels = rows.map((_, row) => basename(sample[row * columns].name).replace(/\.\w+$/, ""));
  const side = Math.max(...rows.flat().map(({ width, height }) => Math.max(width, height)));
  return composeSheet(rows, { labels: { rows: labels.map(printable) }, scale: sheetScale(side) });
}

/** Replaces characters that the sheet's font does not have. */
function printable(text: string): string {
  return text.replace(/[^ -~]/g, "?");
}

const FORMATS: Readonly<Record<Inspection["format"], string>> = {
  images: "image files",
  [RAW_ON_DISK]: "packed raw files",
  webdataset: "WebDataset tar files",
};

function formatBytes(bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** The inspection in plain lines. */
function describe(folder: string, inspection: Inspection): string[] {
  const { format, made, pictures, files, bytes, sizes, looked, partition, failed, failures, problems } = inspection;
  const holders = format === "images" ? FORMATS[format] : `${files} ${FORMATS[format]}`;
  const average = formatBytes(bytes / pictures);
  const lines = [
    `${basename(folder)}: ${plural(pictures, "picture")} in ${holders}, ${formatBytes(bytes)} (${average} each)`,
  ];
  if (made !== null) lines.push(`made by elegant preprocess --format ${formatName(made.format)} from ${made.from}`);
  if (sizes.length > 0)
    lines.push(`size: ${describeSizes(sizes)}, of ${looked === pictures ? "all" : looked} pictures`);
  if (partition !== null) {
    const { training, validation, test } = partition;
    lines.push(`partition: ${training} training, ${validation} validation, ${test} test`);
  }
  lines.push(...describeAttributes(inspection));
  if (made !== null || failed > 0) lines.push(failed === 0 ? "no photo failed" : `${plural(failed, "photo")} failed:`);
  for (const { reason, count, files: names } of failures) {
    lines.push(`  ${count} x ${reason}`, `    ${names.join(", ")}${count > names.length ? ", ..." : ""}`);
  }
  if (inspection.unlisted > 0) lines.push(`${plural(inspection.unlisted, "picture")} that the lists do not name`);
  if (problems.length === 0) {
    lines.push(
      looked === pictures ? "no problems: every picture is there and can be decoded" : "no picture is missing",
    );
  } else {
    lines.push(`${plural(problems.length, "problem")}:`);
    for (const { reason } of problems.slice(0, PROBLEMS_SHOWN)) lines.push(`  ${reason}`);
    if (problems.length > PROBLEMS_SHOWN)
      lines.push(`  and ${problems.length - PROBLEMS_SHOWN} more; --json lists them`);
  }
  return lines;
}

function describeSizes(sizes: Inspection["sizes"]): string {
  if (sizes.length === 1) return `${sizes[0].width} x ${sizes[0].height}`;
  if (sizes.length <= SIZES_SHOWN) return sizes.map((s) => `${s.width} x ${s.height} (${s.count})`).join(", ");
  const range = (sides: readonly number[]): string => {
    return `${sides.reduce((a, b) => Math.min(a, b))} to ${sides.reduce((a, b) => Math.max(a, b))}`;
  };
  const [widths, heights] = [sizes.map(({ width }) => width), sizes.map(({ height }) => height)];
  return `${sizes.length} sizes, ${range(widths)} wide, ${range(heights)} high`;
}

function describeAttributes({ attributes }: Inspection): string[] {
  if (attributes.length === 0) return ["no attributes: put CelebA's list next to the pictures to train on them"];
  const pair = ([having, lacking]: Sides): string => `${having} / ${lacking}`;
  const parted = attributes[0].partition !== null;
  const hasOpen = attributes.some(({ open }) => open > 0);
  const header = [
    "attribute",
    "with",
    "without",
    ...(hasOpen ? ["open"] : []),
    "share",
    ...(parted ? ["training", "validation", "test"] : []),
  ];
  const rows = attributes.map(({ name, positive, negative, open, partition }) => {
    const share = `${((100 * positive) / Math.max(1, positive + negative)).toFixed(1)} %`;
    const parts = partition === null ? [] : [partition.training, partition.validation, partition.test].map(pair);
    const counts = [positive, negative, ...(hasOpen ? [open] : [])].map(String);
    return [name, ...counts, share, ...parts];
  });
  return alignColumns([header, ...rows]);
}
