/** The common form of CelebA's lists: an optional count, an optional header, then rows of a file name and numbers. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { describeMismatch, InputError, rethrowAs } from "../errors.js";
import { nameProblem } from "./file-names.js";
import { lineError } from "./line-error.js";
import { decodeListText } from "./list-text.js";
import { type Delimiter, delimiterOf, forEachRecord, isPictureName, numberOf } from "./records.js";

export interface NumberTable {
  /** Header words in file order, without the word for the file column; null if there is no header. */
  readonly header: readonly string[] | null;
  readonly files: string[];
  /** Numbers per row. */
  readonly columns: number;
  /** [files, columns]. */
  readonly values: Float64Array;
  /** Line number of each row, counted from 1; [files]. */
  readonly lines: readonly number[];
}

interface Header {
  readonly cells: readonly string[];
  readonly line: number;
}

/** Which cells of a record are the file name and the numbers. */
interface Columns {
  /** Cells per record. */
  readonly cells: number;
  readonly file: number;
  readonly numbers: readonly number[];
  readonly header: readonly string[] | null;
}

const MAX_HEADER_LINES = 3;
/** Names of columns that only count the rows, as pandas and spreadsheets write them. */
const COUNTING = /^(unnamed: ?\d+(\.\d+)?|index)?$/i;
/** Names of a column of file names, needed if the file names themselves are not recognisable. */
const NAMING = /^(image_?(id|name|path|file)?|file_?(name|path)?|img(_?(id|name|path))?|path)$/i;

/** Builds a table from records in their order. */
class TableReader {
  private readonly headers: Header[] = [];
  private readonly files: string[] = [];
  private readonly lines: number[] = [];
  private readonly lineOf = new Map<string, number>();
  private count: { readonly value: number; readonly line: number } | null = null;
  private columns: Columns | null = null;
  private values = new Float64Array(1024);

  constructor(
    private readonly list: string,
    private readonly delimiter: Delimiter,
    private readonly mayRepeat: boolean,
  ) {}

  add(cells: readonly string[], line: number): void {
    if (this.columns === null && !this.isRow(cells, line)) return;
    this.columns ??= this.chooseColumns(cells, line);
    this.addRow(this.columns, cells, line);
  }

  finish(): NumberTable {
    const { count, columns, files, lines, list } = this;
    if (columns === null) {
      const remedy = "The file is empty or cut off: get it again.";
      throw new InputError(describeMismatch(list, "lines of a file name and numbers", "none", remedy));
    }
    if (count !== null && count.value !== files.length) {
      const remedy = "The list is cut off or was edited: get it again, or correct its first line.";
      throw lineError(list, count.line, `the number of rows (${files.length})`, String(count.value), remedy);
    }
    const n = columns.numbers.length;
    return { header: columns.header, files, lines, columns: n, values: this.values.slice(0, files.length * n) };
  }

  private isNumber(cell: string): boolean {
    return !Number.isNaN(numberOf(cell, this.delimiter));
  }

  /** True for the first row. Stores a count or a header. @throws InputError for a damaged row */
  private isRow(cells: readonly string[], line: number): boolean {
    const { list, headers } = this;
    const text = cells.join(" ");
    if (/^<(!doctype|html|\?xml|head|body|!--)/i.test(text)) {
      const remedy = "A download page was saved in its place: download the list itself.";
      throw lineError(list, line, "a list of files and numbers", text, remedy);
    }
    const [first] = cells;
    const filled = cells.filter((cell) => cell !== "").length;
    if (this.count === null && headers.length === 0 && filled === 1 && /^\d+$/.test(first)) {
      this.count = { value: Number(first), line };
      return false;
    }
    const file = this.fileColumn(cells);
    const others = cells.filter((_, at) => at !== file);
    const numbers = others.filter((cell) => this.isNumber(cell)).length;
    const isNamed = isPictureName(cells[file]);
    const wrong = others.find((cell) => cell !== "" && !this.isNumber(cell));
    if (wrong === undefined && numbers > 0) return true;
    // An image's name, or at least half numbers: this is a damaged row, which must not be mistaken for a header.
    if (others.length > 0 && (isNamed || numbers * 2 >= others.length)) {
      throw lineError(list, line, "a file name and numbers", wrong ?? text, "Correct or remove the line.");
    }
    if (headers.length === MAX_HEADER_LINES) {
      throw lineError(list, line, "a file name and numbers", text, "Check that this is the right list.");
    }
    headers.push({ cells, line });
    return false;
  }

  private fileColumn(cells: readonly string[]): number {
    const named = cells.findIndex(isPictureName);
    if (named >= 0) return named;
    const header = this.headers.find((one) => one.cells.length === cells.length)?.cells ?? [];
    return Math.max(
      0,
      header.findIndex((name) => NAMING.test(name)),
    );
  }

  /** Determines the columns from the first row. */
  private chooseColumns(row: readonly string[], line: number): Columns {
    const file = this.fileColumn(row);
    const header = this.headers.find(({ cells }) => cells.length === row.length)?.cells;
    const isCounting = (at: number): boolean =>
      header === undefined ? at < file : COUNTING.test(header[at]) && (row[at] === "" || /^\d+$/.test(row[at]));
    // A separator at the end of the line does not add a column.
    const cells = row.at(-1) === "" && (header?.at(-1) ?? "") === "" ? row.length - 1 : row.length;
    const numbers = Array.from({ length: cells }, (_, at) => at).filter((at) => at !== file && !isCounting(at));
    if (numbers.length === 0) {
      throw lineError(this.list, line, "a file name and numbers", row.join(this.delimiter), "Correct the list.");
    }
    return { cells, file, numbers, header: this.chooseHeader(row.length, numbers) };
  }

  /** Header words of the columns, from the line with as many cells as a row, or as many as the row has numbers. */
  private chooseHeader(cells: number, numbers: readonly number[]): readonly string[] | null {
    // CelebA's lists separate names by spaces.
    const inForm = (name: string): string => name.replace(/\s+/g, "_");
    for (const header of this.headers) {
      if (header.cells.length === cells) return numbers.map((at) => inForm(header.cells[at]));
      if (header.cells.length === numbers.length) return header.cells.map(inForm);
    }
    const first = this.headers.find((header) => header.cells.length > 1) ?? this.headers[0];
    if (first === undefined) return null;
    const expected = `${numbers.length} column names, as many as the numbers of the rows below`;
    const remedy = "Correct the header or the rows.";
    throw lineError(this.list, first.line, expected, `${first.cells.length} words`, remedy);
  }

  private addRow({ cells: width, file: fileAt, numbers, header }: Columns, cells: readonly string[], line: number) {
    const { list, files, lineOf } = this;
    const isWhole = cells.length === width || (cells.length === width + 1 && cells[width] === "");
    if (!isWhole) {
      const expected = `a file name and ${numbers.length} numbers`;
      throw lineError(list, line, expected, cells.join(this.delimiter), "Correct or remove the line.");
    }
    const file = cells[fileAt];
    const problem = nameProblem(file);
    if (problem !== null) {
      const expected = `a file name within the image folder, good on every system (${problem})`;
      throw lineError(list, line, expected, file, "Correct or remove the line.");
    }
    const earlier = lineOf.get(file);
    if (earlier !== undefined && !this.mayRepeat) {
      throw lineError(list, line, `a file that line ${earlier} does not name`, file, "Remove one of the two lines.");
    }
    const start = files.length * numbers.length;
    if (start + numbers.length > this.values.length) this.grow(start + numbers.length);
    for (let i = 0; i < numbers.length; i++) {
      const at = numbers[i];
      const value = numberOf(cells[at], this.delimiter);
      if (cells[at] === "") {
        const name = header === null ? "" : ` (${header[i]})`;
        const where = `${list}, line ${line}`;
        const remedy = "Fill the cell or remove the line.";
        throw new InputError(describeMismatch(where, `a number in column ${at + 1}${name}`, "an empty cell", remedy));
      }
      if (!Number.isFinite(value)) {
        throw lineError(list, line, `a number in column ${at + 1}`, cells[at], "Correct or remove the line.");
      }
      this.values[start + i] = value;
    }
    lineOf.set(file, line);
    files.push(file);
    this.lines.push(line);
  }

  private grow(least: number): void {
    const larger = new Float64Array(Math.max(least, this.values.length * 2));
    larger.set(this.values);
    this.values = larger;
  }
}

/**
 * Parses the text of a list (from decodeListText). Accepts words between spaces and tabs, CSV with commas, semicolons
 * or tabs and quotes, a missing count line, a missing or an extra header line, columns that count the rows, and true
 * and false for 1 and 0.
 * @param list      its name in messages
 * @param mayRepeat if true, several lines may name the same file
 * @throws InputError (list, line, expected, received, what to do) for anything else
 */
export function parseTable(text: string, list: string, mayRepeat = false): NumberTable {
  const delimiter = delimiterOf(text);
  const reader = new TableReader(list, delimiter, mayRepeat);
  forEachRecord(text, delimiter, list, (cells, line) => reader.add(cells, line));
  return reader.finish();
}

/** Reads and parses a list. Messages name the file without its folder. */
export async function readTable(path: string, mayRepeat = false): Promise<NumberTable> {
  const bytes = await readFile(path).catch(rethrowAs(`Reading the list ${path}`));
  return parseTable(decodeListText(bytes, basename(path)), basename(path), mayRepeat);
}
