/**
 * Notices trainings that have gone wrong, from the rows of the loss log alone. A condition is judged on the mean of an
 * attribute's last rows, said once when it begins and once when it ends, with a gap between the two bounds.
 *
 * The bounds come from runs on painted faces and on CelebA-HQ (docs/training.md): a slice starts to matter after some hundred
 * steps, and until then the discriminators may be nearly always right, so nothing is judged before FIRST_STEP.
 */
import type { LossRow } from "./log.js";

/** Steps whose rows a condition is judged on. */
export const WINDOW = 200;
const FIRST_STEP = 500;
export const FIRST_JUDGED_STEP = FIRST_STEP + WINDOW;
/** The loss of one discriminator that guesses: four times ln 2. */
const GUESSING = 4 * Math.LN2;
/** Of [-1, 1] for one of 255 grey levels. */
const GREY_LEVEL = 2 / 255;

const METRICS = ["accuracy1", "accuracy2", "D1", "D2", "residual", "exchange"] as const;
type Means = Readonly<Record<(typeof METRICS)[number], number>>;

interface Condition {
  readonly begins: (means: Means) => boolean;
  readonly lasts: (means: Means) => boolean;
  /** What is seen, what it means, what to try. */
  readonly message: (means: Means, window: number) => string;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const levels = (value: number): string => `${(value / GREY_LEVEL).toFixed(2)} of 255 grey levels`;

export const CONDITIONS = {
  "discriminators always right": {
    begins: ({ accuracy1, accuracy2 }) => Math.min(accuracy1, accuracy2) > 0.98,
    lasts: ({ accuracy1, accuracy2 }) => Math.min(accuracy1, accuracy2) > 0.95,
    message: ({ accuracy1, accuracy2 }, window) =>
      `the discriminators told ${percent(accuracy1)} and ${percent(accuracy2)} of the pictures right over ${window} steps; the generator learns little from opponents that it never deceives. Try --r1 10 or --flip, or more pictures.`,
  },
  "discriminators dead": {
    begins: ({ accuracy1, accuracy2, D1, D2 }) =>
      Math.min(D1, D2) > 0.995 * GUESSING &&
      Math.max(D1, D2) < 1.05 * GUESSING &&
      Math.max(accuracy1, accuracy2) < 0.53,
    lasts: ({ D1, D2 }) => Math.min(D1, D2) > 0.98 * GUESSING && Math.max(D1, D2) < 1.05 * GUESSING,
    message: ({ D1, D2 }, window) =>
      `the discriminators guess: their losses were ${D1.toFixed(3)} and ${D2.toFixed(3)} over ${window} steps, where ${GUESSING.toFixed(3)} is guessing; the generator learns nothing from them. Check the attribute's labels, or try another --seed or a lower --learning-rate.`,
  },
  "generator does nothing": {
    begins: ({ residual }) => residual < 0.5 * GREY_LEVEL,
    lasts: ({ residual }) => residual < GREY_LEVEL,
    message: ({ residual }, window) =>
      `edits changed ${levels(residual)} over ${window} steps: the generator has collapsed to returning its input. Start again with another --seed, or with --set lossWeights=equal.`,
  },
  "slice does not matter": {
    begins: ({ residual, exchange }) => exchange < 0.05 * residual || exchange < 0.25 * GREY_LEVEL,
    lasts: ({ residual, exchange }) => exchange < 0.1 * residual || exchange < 0.5 * GREY_LEVEL,
    message: ({ residual, exchange }, window) =>
      `exchanging this attribute's slice of the latent changed ${levels(exchange)} over ${window} steps, ${percent(residual > 0 ? exchange / residual : 0)} of the residual: the slice does not matter, and swaps would do nothing. Train longer, or check the attribute's labels.`,
  },
} as const satisfies Record<string, Condition>;
export type ConditionName = keyof typeof CONDITIONS;

/** A row of watchdog.jsonl. */
export interface Alarm extends LossRow {
  readonly step: number;
  readonly attribute: string;
  readonly condition: ConditionName;
  readonly state: "began" | "ended";
  readonly message: string;
}

export interface WatchdogOptions {
  readonly window: number;
  readonly firstStep: number;
}

export class Watchdog {
  private readonly options: WatchdogOptions;
  private readonly recent = new Map<string, Means[]>();
  /** Conditions that have begun and not ended, as "attribute/condition". */
  private readonly raised = new Set<string>();

  /**
   * @param rows   of the steps before, of which the last ones count
   * @param alarms that were said before
   */
  constructor(
    rows: readonly LossRow[] = [],
    alarms: readonly LossRow[] = [],
    options: WatchdogOptions = { window: WINDOW, firstStep: FIRST_STEP },
  ) {
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
    rows.push(Object.fromEntries(METRICS.map((name) => [name, Number(row[name])])) as Means);
    if (rows.length > this.options.window) rows.shift();
    return rows;
  }

  /** Takes the next row; the conditions that begin or end with it. */
  observe(row: LossRow): readonly Alarm[] {
    const { window, firstStep } = this.options;
    const rows = this.remember(row);
    if (rows.length < window || row.step < firstStep + window) return [];
    const mean = (name: keyof Means): number => rows.reduce((sum, values) => sum + values[name], 0) / rows.length;
    const means = Object.fromEntries(METRICS.map((name) => [name, mean(name)])) as Means;
    const alarms: Alarm[] = [];
    for (const [condition, rule] of Object.entries(CONDITIONS) as [ConditionName, Condition][]) {
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
