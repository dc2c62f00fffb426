/** The sheets of `elegant inspect`: a sample of the data set, an attribute's sides, and groups of near-duplicates. */
import { basename } from "node:path";
import type { NamedGroup } from "../dataset/duplicates/report.js";
import type { Inspected, SamplePicture, SampleSection } from "../dataset/inspect.js";
import type { PictureSource } from "../image/picture-source.js";
import type { RgbaImage } from "../types.js";

/** Side in pixels to which larger images are reduced. */
const SHOWN_SIDE = 256;
/** Images per row of the duplicates' sheet. A longer group is cut. */
const DUPLICATE_COLUMNS = 8;
const DUPLICATE_ROWS = 12;
/** Pixels between groups, and around the sheet. */
const GROUP_GAP = 14;

/** Reads images at the size in which sheets show them. */
async function openReader(): Promise<(source: PictureSource) => Promise<RgbaImage>> {
  const { readSource } = await import("../image/source.js");
  const { Pixels, wholeOf } = await import("../image/pixels.js");
  const { loadModule } = await import("../kernels/module.js");
  const pixels = new Pixels(await loadModule("image"));
  return async (source) => {
    const picture = await readSource(source);
    const shrink = SHOWN_SIDE / Math.max(picture.width, picture.height);
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * shrink)));
    return shrink < 1 ? pixels.resize(picture, wholeOf(picture), width, height) : picture;
  };
}

/** A name as labels show it: without folder and ending, and without characters that the sheet's font does not have. */
function labelOf(file: string): string {
  return basename(file)
    .replace(/\.\w+$/, "")
    .replace(/[^ -~]/g, "?");
}

function inRows<T>(list: readonly T[], columns: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / columns) }, (_, row) =>
    list.slice(row * columns, (row + 1) * columns),
  );
}

const sideOf = (rows: readonly (readonly RgbaImage[])[]): number =>
  Math.max(...rows.flat().map(({ width, height }) => Math.max(width, height)));

/** Number of columns for about three columns per two rows, as on screens. The longest section's last row is nearly full. */
function columnsFor(sections: readonly SampleSection[]): number {
  const sizes = sections.map(({ pictures }) => pictures.length);
  const widest = Math.ceil(Math.sqrt(sizes.reduce((sum, size) => sum + size) * 1.5));
  const longest = Math.max(...sizes);
  return Math.ceil(longest / Math.ceil(longest / widest));
}

/** Arranges the sample of an inspection. @param by the attribute of the sections */
export async function composeSample(sections: readonly SampleSection[], by: string | undefined): Promise<RgbaImage> {
  const { composeSheet, sheetScale } = await import("../sheet/sheet.js");
  const { composeSections } = await import("../sheet/sections.js");
  const read = await openReader();
  const columns = columnsFor(sections);
  const shown: { readonly pictures: SamplePicture[][]; readonly rows: RgbaImage[][] }[] = [];
  for (const section of sections) {
    const pictures = inRows(section.pictures, columns);
    const rows: RgbaImage[][] = [];
    for (const row of pictures) {
      const images: RgbaImage[] = [];
      for (const { source } of row) images.push(await read(source));
      rows.push(images);
    }
    shown.push({ pictures, rows });
  }
  const scale = sheetScale(Math.max(...shown.map(({ rows }) => sideOf(rows))));
  if (by === undefined) {
    const [{ pictures, rows }] = shown;
    return composeSheet(rows, { labels: { rows: pictures.map(([{ file }]) => labelOf(file)) }, scale });
  }
  return composeSections(
    shown.map(({ pictures, rows }, i) => {
      const cells = pictures.map((row) => row.map(cellLabel));
      return { title: titleOf(sections[i], by), rows, options: { labels: { cells }, scale } };
    }),
  );
}

function cellLabel({ file, probability }: SamplePicture): string {
  return probability === null ? labelOf(file) : `${labelOf(file)}: ${probability.toFixed(2)}`;
}

function titleOf({ group, pictures }: SampleSection, by: string): string {
  const words = { open: `${by} open`, with: `with ${by}`, without: `without ${by}` };
  const { label, pictures: all, doubtful } = group!; // sections of an attribute have one
  const order = doubtful
    ? `, the ${pictures.length} most doubtful, with the probability of ${by}`
    : `, ${pictures.length} shown`;
  return `${words[label]}: ${all} picture${all === 1 ? "" : "s"}${order}`;
}

/**
 * Arranges the first groups of near-duplicates, each under a title, several small ones per row. Labels show how many bits of
 * the hash differ from the group's first.
 * @returns the sheet, and the number of groups that it shows
 */
export async function composeGroups(
  groups: readonly NamedGroup[],
  sourceOf: Inspected["sourceOf"],
): Promise<{ readonly sheet: RgbaImage; readonly shown: number }> {
  const { sheetScale } = await import("../sheet/sheet.js");
  const { composeSections } = await import("../sheet/sections.js");
  const read = await openReader();
  const rows: RgbaImage[][] = [[]];
  let used = 0; // images in the last row
  let shown = 0;
  for (const { first, others } of groups) {
    const files = [first, ...others.map(({ file }) => file)].slice(0, DUPLICATE_COLUMNS);
    if (used > 0 && used + files.length > DUPLICATE_COLUMNS) {
      if (rows.length === DUPLICATE_ROWS) break;
      rows.push([]);
      used = 0;
    }
    const images: RgbaImage[] = [];
    for (const file of files) images.push(await read(sourceOf(file)));
    const cells = files.map((file, i) => (i === 0 ? labelOf(file) : `${labelOf(file)}: ${others[i - 1].distance}`));
    const options = { labels: { cells: [cells] }, scale: sheetScale(sideOf([images])) };
    rows[rows.length - 1].push(composeSections([{ title: groupTitle(shown + 1, others), rows: [images], options }]));
    used += files.length;
    shown++;
  }
  // Row by row, because the columns of groups of different sizes have nothing in common.
  const sheet = composeSections(rows.map((row) => ({ title: "", rows: [row], options: { gap: GROUP_GAP } })));
  return { sheet, shown };
}

function groupTitle(number: number, others: NamedGroup["others"]): string {
  const count = others.length + 1 > DUPLICATE_COLUMNS ? `, ${DUPLICATE_COLUMNS} of ${others.length + 1}` : "";
  return `group ${number}${count}${others.some(({ mirrored }) => mirrored) ? ", mirrored" : ""}`;
}
