/** Errors about single lines of lists. */
import { describeMismatch, InputError } from "../errors.js";
import { printable } from "./file-names.js";

/** An InputError about one line of a list, counted from 1. */
export function lineError(list: string, line: number, expected: string, received: string, remedy: string): InputError {
  const text = printable(received);
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return new InputError(describeMismatch(`${list}, line ${line}`, expected, `'${shown}'`, remedy));
}
