/** Finds the files that lists refer to among the existing files. */
import { withoutEnding } from "../image/endings.js";

export class PresentFiles {
  private readonly names: ReadonlySet<string>;
  private byForm: ReadonlyMap<string, string> | null = null;
  private byStem: ReadonlyMap<string, string> | null = null;

  /** @param names of all existing files */
  constructor(names: readonly string[]) {
    this.names = new Set(names);
  }

  /**
   * The name of a listed file as the file system has it; null if the file is missing. Archives from a Mac write é as
   * two characters, lists as one. So names that differ only in their Unicode normalisation are treated as equal.
   */
  find(listed: string): string | null {
    if (this.names.has(listed)) return listed;
    this.byForm ??= new Map([...this.names].map((name) => [name.normalize("NFC"), name]));
    return this.byForm.get(listed.normalize("NFC")) ?? null;
  }

  /**
   * The first file with the listed name and another ending, or the same ending in another letter case; null if there is
   * none.
   */
  findOtherEnding(listed: string): string | null {
    const stemOf = (name: string): string => withoutEnding(name).normalize("NFC");
    this.byStem ??= new Map([...this.names].reverse().map((name) => [stemOf(name), name]));
    return this.byStem.get(stemOf(listed)) ?? null;
  }
}
