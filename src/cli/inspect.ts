/** `elegant inspect DATA`: shows the contents of a data set, whether it is complete, and what it looks like. */
import { basename, extname, resolve } from "node:path";
import type { Command } from "commander";
import type { Inspected, Inspection, Sides } from "../dataset/inspect.js";
import { formatName, RAW_ON_DISK } from "../dataset/store.js";
import { describeMismatch, InputError } from "../errors.js";
import { alignColumns } from "./columns.js";
import { type CommandContext, type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";
import { checkOutputFile } from "./editing.js";

interface Options extends CommonOptions<"workers"> {
  readonly images?: string;
  /** False with --no-sheet. */
  readonly sheet?: string | false;
  readonly count: number;
  readonly check: boolean;
  readonly by?: string;
  readonly duplicates: boolean;
  readonly leaveOut: boolean;
}

const PROBLEMS_SHOWN = 10;
const SIZES_SHOWN = 5;

const HELP = `
DATA is a folder that elegant preprocess made, in any format, or another folder that elegant train accepts. The sheet shows images
spread evenly over the data set; each row is labelled with the name of its first image. The command ends with code 3 if a listed
image is missing or cannot be decoded. Without --check and --duplicates, only the images of the sheet are decoded.

--by shows images whose label is open, then images with the attribute, then images without it. If DATA has an
attributes_confidence.csv (from elegant label), the most doubtful images come first, with the probability of the attribute.

--duplicates finds images that show the same photo: resized, compressed again, brightened, mirrored, or cropped by a few percent.
DATA-duplicates.csv lists all groups, and DATA-duplicates.png shows the first ones. --leave-out keeps the first image of each group
and writes the others to DATA/left_out.txt, so that train, score, fid and all other commands ignore them. Delete that file to use
them again.

Examples:
  elegant inspect faces-256
  elegant inspect faces-256 --check --count 96 --sheet look.png
  elegant inspect faces-256 --by Eyeglasses
  elegant inspect faces-256 --duplicates --leave-out`;

export function registerInspect(program: Command): void {
  withCommonOptions(program.command("inspect <data>"), ["workers"])
    .description(
      "show what a data set contains: counts, sizes, failures, near-duplicates, a contact sheet; check that nothing is missing",
    )
    .option("--images <dir>", "folder of the images, relative to DATA or absolute")
    .option("--sheet <file>", "PNG file of the contact sheet (default: DATA-sheet.png next to DATA)")
    .option("--no-sheet", "make no contact sheet")
    .option("--count <n>", "number of images on the sheet", integer(1, 1000), 48)
    .option("--by <attribute>", "show images with and without this attribute, the most doubtful first")
    .option("--check", "decode every image", false)
    .option("--duplicates", "find near-duplicates, including mirrored ones", false)
    .option("--leave-out", "with --duplicates: use only the first image of each group from now on", false)
    .addHelpText("after", HELP)
    .action(async (data: string, options: Options) => {
      await runCommand(options, (context) => inspect(data, options, context));
    });
}

async function inspect(data: string, options: Options, context: CommandContext): Promise<void> {
  const { images, count, check, duplicates, leaveOut, by, workers, json } = options;
  const sheet = options.sheet === false ? null : (options.sheet ?? `${resolve(data)}-sheet.png`);
  if (leaveOut && !duplicates) {
    throw new InputError(describeMismatch("--leave-out", "--duplicates as well", "none", "Add --duplicates."));
  }
  if (by !== undefined && sheet === null) {
    throw new InputError(describeMismatch("--by", "a sheet to draw", "--no-sheet", "Omit one of them."));
  }
  if (sheet !== null) await checkSheetPath(sheet);
  const stem = options.sheet ? options.sheet.replace(/\.png$/i, "") : resolve(data); // how the outputs' names begin
  if (duplicates) await checkOutputFile(`${stem}-duplicates.csv`, "--duplicates");
  const { inspectDataset } = await import("../dataset/inspect.js");
  const { onProgress, warn: onWarning } = context;
  const found = await inspectDataset(data, { images, count, check, duplicates, by, workers, onProgress, onWarning });
  const { inspection, sections } = found;
  const written = sheet !== null && sections.length > 0 ? sheet : null;
  if (written !== null) {
    const { composeSample } = await import("./inspect-sheet.js");
    const { writePicture } = await import("../image/picture-files.js");
    await writePicture(written, await composeSample(sections, by));
  }
  if (!json) for (const line of describe(resolve(data), inspection)) context.print(line);
  if (written !== null) {
    const shown = sections.reduce((sum, { pictures }) => sum + pictures.length, 0);
    context.print(`sheet of ${plural(shown, "picture")}: ${written}`);
  }
  const made = duplicates
    ? await writeDuplicates(data, found, { stem, isDrawn: sheet !== null, leaveOut }, context)
    : null;
  context.printJson({ ...inspection, duplicates: made, sheet: written });
  if (inspection.problems.length > 0) context.markPartial();
}

/** Writes the near-duplicates that were found, and says what they are. @returns the command's JSON about them */
async function writeDuplicates(
  data: string,
  { inspection, groups, sourceOf }: Inspected,
  { stem, isDrawn, leaveOut }: { readonly stem: string; readonly isDrawn: boolean; readonly leaveOut: boolean },
  context: CommandContext,
): Promise<object> {
  const { formatDuplicates } = await import("../dataset/duplicates/report.js");
  const { writeFileAtomic } = await import("../files.js");
  const counts = inspection.duplicates!; // inspectDataset() counts them if they are requested
  const csv = `${stem}-duplicates.csv`;
  await writeFileAtomic(csv, formatDuplicates(groups));
  const found = { ...counts, csv, sheet: null as string | null, leftOut: null as string | null };
  if (groups.length === 0) {
    context.print(`no near-duplicates: ${csv}`);
    return found;
  }
  const across = counts.acrossParts ? `; ${plural(counts.acrossParts, "group")} across the parts of the partition` : "";
  const one = counts.repeated === 1 ? "repeats" : "repeat";
  const these = `${plural(counts.repeated, "picture")} that ${one} another one`;
  context.print(`near-duplicates: ${plural(groups.length, "group")} with ${these}${across}: ${csv}`);
  if (isDrawn) {
    const { composeGroups } = await import("./inspect-sheet.js");
    const { writePicture } = await import("../image/picture-files.js");
    const { sheet, shown } = await composeGroups(groups, sourceOf);
    found.sheet = `${stem}-duplicates.png`;
    await writePicture(found.sheet, sheet);
    context.print(`sheet of ${shown === groups.length ? "all" : `the first ${shown}`} groups: ${found.sheet}`);
  }
  if (leaveOut) {
    const { addLeftOut } = await import("../dataset/left-out.js");
    const names = groups.flatMap(({ others }) => others.map(({ file }) => file));
    const { path, refused } = await addLeftOut(data, names);
    found.leftOut = path;
    context.print(`left out from now on: ${plural(names.length - refused.length, "picture")} in ${path}`);
    if (refused.length > 0) {
      context.warn(`${plural(refused.length, "name")} cannot be in a list, for example ${JSON.stringify(refused[0])}`);
    }
  }
  return found;
}

/** @throws InputError if no image can be written there */
async function checkSheetPath(path: string): Promise<void> {
  if (extname(path).toLowerCase() !== ".png") {
    throw new InputError(describeMismatch("--sheet", "a file named *.png", `'${path}'`, "Give it that ending."));
  }
  await checkOutputFile(path, "--sheet");
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
