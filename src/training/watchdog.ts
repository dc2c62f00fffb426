/**
 * Notices trainings that have gone wrong, from the rows of the loss log alone. A method's condition is judged by the
 * means of an attribute's last rows. It is reported once when it begins and once when it ends, with a gap between the
 * two bounds. Nothing is judged before FIRST_STEP, since every training looks wrong at first.
 */
import type { Condition, Means } from "../methods/method.js";
import type { LossRow } from "./log.js";

/** Number of steps whose rows decide a condition. */
export const WINDOW = 200;
const FIRST_STEP = 500;
export const FIRST_JUDGED_STEP = FIRST_STEP + WINDOW;

/** A row of watchdog.jsonl. */
export interface Alarm extends LossRow {
  readonly step: number;
  readonly attribute: string;
  readonly condition: string;
  readonly state: "began" | "ended";
  readonly message: string;
}

export interface WatchdogOptions {
  readonly window: number;
  readonly firstStep: number;
}

export class Watchdog {
  private readonly conditions: Readonly<Record<string, Condition>>;
  private readonly options: WatchdogOptions;
  private readonly recent = new Map<string, Means[]>();
  /** Conditions that have begun and not ended, as "attribute/condition". */
  private readonly raised = new Set<string>();

  /**
   * @param conditions conditions of the method
   * @param rows       rows of the steps before; only the last ones count
   * @param alarms     alarms of the steps before
   */
  constructor(
    conditions: Readonly<Record<string, Condition>>,
    rows: readonly LossRow[] = [],
    alarms: readonly LossRow[] = [],
    options: WatchdogOptions = { window: WINDOW, firstStep: FIRST_STEP },
  ) {
    this.conditions = conditions;
    this.options = options;
    for (const row of rows) this.remember(row);
    for (const { attribute, condition, state } of alarms) {
      const name = `${attribute}/${condition}`;
      if (state === "began") this.raised.add(name);
      else this.raised.delete(name);
    }
  }

  private remember(row: LossRow): Means[] {
    const attribute = String(row.attribute);
    const rows = this.recent.get(attribute) ?? [];
    this.recent.set(attribute, rows);
    rows.push(
      Object.fromEntries(
        Object.entries(row).flatMap(([name, value]) => (typeof value === "number" ? [[name, value]] : [])),
      ),
    );
    if (rows.length > this.options.window) rows.shift();
    return rows;
  }

  /** Judges the next row. @returns the conditions that begin or end with it */
  observe(row: LossRow): readonly Alarm[] {
    const { window, firstStep } = this.options;
    const rows = this.remember(row);
    if (rows.length < window || row.step < firstStep + window) return [];
    const mean = (name: string): number => rows.reduce((sum, values) => sum + values[name], 0) / rows.length;
    const means = Object.fromEntries(Object.keys(rows[rows.length - 1]).map((name) => [name, mean(name)]));
    const alarms: Alarm[] = [];
    for (const [condition, rule] of Object.entries(this.conditions)) {
      const name = `${row.attribute}/${condition}`;
      const isRaised = this.raised.has(name);
      if (isRaised === (isRaised ? rule.lasts(means) : rule.begins(means))) continue;
      if (isRaised) this.raised.delete(name);
      else this.raised.add(name);
      const [state, text] = isRaised
        ? (["ended", "this is over."] as const)
        : (["began", rule.message(means, window)] as const);
      const message = `Watchdog, step ${row.step}, ${row.attribute}: ${condition}: ${text}`;
      alarms.push({ step: row.step, attribute: String(row.attribute), condition, state, message });
    }
    return alarms;
  }
}
