/** Finds the files that lists mean among those that are there. */
import { withoutEnding } from "../image/endings.js";

export class PresentFiles {
  private readonly names: ReadonlySet<string>;
  private byForm: ReadonlyMap<string, string> | null = null;
  private byStem: ReadonlyMap<string, string> | null = null;

  /** @param names of all files that are there */
  constructor(names: readonly string[]) {
    this.names = new Set(names);
  }

  /**
   * The name, as the file system has it, of the file that a list means; null if it is not there. Archives of a Mac
   * write é as two characters, lists as one: names that differ in their Unicode normalisation only are the same.
   */
  find(listed: string): string | null {
    if (this.names.has(listed)) return listed;
    this.byForm ??= new Map([...this.names].map((name) => [name.normalize("NFC"), name]));
    return this.byForm.get(listed.normalize("NFC")) ?? null;
  }

  /** The first file that has the listed name with another ending, or the same ending in other letter case; null if there is none. */
  findOtherEnding(listed: string): string | null {
    const stemOf = (name: string): string => withoutEnding(name).normalize("NFC");
    this.byStem ??= new Map([...this.names].reverse().map((name) => [stemOf(name), name]));
    return this.byStem.get(stemOf(listed)) ?? null;
  }
}
