/** Writes CSV files, as spreadsheets and pandas read them. */

/** A cell, with quotes if it needs them. */
export function csvCell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
