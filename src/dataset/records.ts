/** Splits a list into records: lines of words as in CelebA, or CSV from spreadsheets and pandas. */
import { CsvError, parse } from "csv-parse/sync";
import { hasReadableEnding, hasUnreadPictureEnding } from "../image/endings.js";
import { lineError } from "./line-error.js";

export type Delimiter = " " | "," | ";" | "\t";

/** Number of characters examined to find the delimiter. */
const SAMPLE = 2 ** 16;

/** True if a word is the name of an image. Our raw packed files use the ending `.rgb`. */
export function isPictureName(word: string): boolean {
  return hasReadableEnding(word) || hasUnreadPictureEnding(word) || /.\.rgb$/i.test(word);
}

export function isNumeric(word: string): boolean {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word);
}

/** The most frequent cells of an attribute list, for speed. */
const COMMON: ReadonlyMap<string, number> = new Map([
  ["1", 1],
  ["-1", -1],
  ["0", 0],
]);

/** The number that a word stands for: 1 and 0 for true and false, NaN for anything else. */
export function numberOf(word: string, delimiter: Delimiter): number {
  const common = COMMON.get(word);
  if (common !== undefined) return common;
  if (/^(true|false)$/i.test(word)) return word.length === 4 ? 1 : 0;
  // Spreadsheets in many countries write 0,5 and then do not separate cells by commas.
  const text = delimiter === ";" || delimiter === "\t" ? word.replace(/^([-+]?\d*),(\d+)$/, "$1.$2") : word;
  return isNumeric(text) ? Number(text) : Number.NaN;
}

const withoutQuoted = (line: string): string => line.replace(/"(?:[^"]|"")*"/g, "Q");

/** True if each cell between tabs, except for the name, is a single value. Other lists mix tabs and spaces freely. */
function isSeparatedByTabs(line: string): boolean {
  const cells = line.split("\t");
  const others = cells.filter((cell) => cell.trim() !== "" && Number.isNaN(numberOf(cell.trim(), "\t")));
  return cells.length > 1 && others.length <= 1;
}

/**
 * The separator of cells, determined from the last lines of the text's beginning. The lines above may be a count, a
 * header or a title.
 */
export function delimiterOf(text: string): Delimiter {
  const named = /^sep=([,;\t])\n/i.exec(text)?.[1]; // Excel's way to name the delimiter in the first line
  if (named !== undefined) return named as Delimiter;
  const whole = text.length <= SAMPLE ? text : text.slice(0, text.lastIndexOf("\n", SAMPLE));
  const lines = whole.split("\n").filter((line) => line.trim() !== "");
  const last = withoutQuoted(lines.at(-1) ?? "");
  for (const delimiter of [";", ","] as const) {
    if (!last.includes(delimiter)) continue;
    const first = lines.findIndex((line) => withoutQuoted(line).includes(delimiter));
    const rows = lines.slice(first);
    const having = rows.filter((line) => withoutQuoted(line).includes(delimiter)).length;
    if (having * 2 > rows.length) return delimiter;
  }
  return isSeparatedByTabs(lines.at(-1) ?? "") || (last.includes("\t") && last.includes("Q")) ? "\t" : " ";
}

/** The words of a line. An image's name may contain spaces; it ends where its ending does. */
function splitWords(line: string): string[] {
  const words = line.trim().split(/\s+/);
  const last = words.findLastIndex((word) => word.includes(".") && isPictureName(word));
  if (last <= 0) return words;
  let name = line.trim();
  for (let at = words.length - 1; at > last; at--) name = name.slice(0, -words[at].length).trimEnd();
  return [name, ...words.slice(last + 1)];
}

/**
 * Calls `visit` with the cells of each record, trimmed, and the number of its line, counted from 1. Lines without any
 * cells are skipped.
 * @throws InputError for CSV with unbalanced quotes
 */
export function forEachRecord(
  text: string,
  delimiter: Delimiter,
  list: string,
  visit: (cells: string[], line: number) => void,
): void {
  if (delimiter === " ") {
    for (const [i, line] of text.split("\n").entries()) if (line.trim() !== "") visit(splitWords(line), i + 1);
    return;
  }
  try {
    parse(text, {
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      on_record: (cells: string[], { lines }) => {
        const isName = lines === 1 && /^sep=/i.test(cells[0]);
        if (!isName && cells.some((cell) => cell !== "")) visit(cells, lines);
        return null; // nothing is stored
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = "lines" in error && typeof error.lines === "number" ? error.lines : 1;
    throw lineError(list, line, "cells with matching quotes", error.code, "Correct the quotes of the line.");
  }
}
