/** The texts and the headline figures of the demo's report. */
import { formatChange, formatFixed } from "../report/format.js";
import type { ReportModel, Score } from "../report/model.js";
import { DEMO_ATTRIBUTES, DEMO_BATCH, DEMO_SIZE, DEMO_WIDTH } from "./settings.js";

const countSteps = (step: number): string => `${step} ${step === 1 ? "step" : "steps"}`;

/** Names the model that the demo has trained, in the report and on the terminal. */
export function describeRun(step: number, width: number): string {
  return `trained here: ${countSteps(step)}, width ${width}`;
}

const ATTRIBUTES = DEMO_ATTRIBUTES.join(" and ");

/** Names the mean in the first row. Both models are compared on its pairs. */
export const LEADING_MEAN = `${ATTRIBUTES}, added and removed`;

export interface StoryFacts {
  readonly folder: string;
  readonly photos: number;
  readonly trainSeconds: number;
  readonly seed: number;
  readonly workers: number;
  readonly seconds: number;
  readonly step: number;
  /** Means over the same pairs; null without pairs. */
  readonly shipped: Score | null;
  readonly trained: Score | null;
}

type Story = Pick<ReportModel, "title" | "summary" | "figures" | "scoresCaption" | "commands" | "notes">;

const gain = (value: number): string => `${formatChange(value, 1)} dB`;

function figuresOf({ shipped, trained, seconds }: StoryFacts): ReportModel["figures"] {
  const measures = [
    ["gain over the whole picture", (score: Score) => gain(score.wholeGain)],
    ["gain in the region of the attribute", (score: Score) => gain(score.regionGain)],
    ["PSNR against the input outside the region", (score: Score) => `${formatFixed(score.outside, 1)} dB`],
    ["share of the needed change that is right", (score: Score) => formatFixed(score.rightShare, 2)],
  ] as const;
  const figures = measures.flatMap(([label, format]) => {
    if (shipped === null || trained === null) return [];
    return [{ value: format(shipped), label, detail: `trained here: ${format(trained)}` }];
  });
  return [...figures, { value: `${Math.round(seconds)} s`, label: "for everything in this report" }];
}

function explainFigures({ shipped, step }: StoryFacts): string[] {
  if (shipped === null) return [];
  return [
    `The figures are means over ${shipped.n} swaps (${LEADING_MEAN}) of faces that training had not seen.`,
    `The large ones belong to the checkpoint that ships with the package. The small ones belong to the model that this demo trained in front of you for ${countSteps(step)}.`,
    "A gain compares the swap with the unchanged input: 0 dB is as good as doing nothing.",
  ];
}

export function summarise(facts: StoryFacts): Story {
  const { photos, step, seed, folder, workers, trainSeconds } = facts;
  return {
    title: "ELEGANT on painted faces",
    summary: [
      "Each swap gives a painted face an attribute of another face. The painter can draw the same person with that attribute, so the true answer of every swap is known.",
      ...explainFigures(facts),
    ],
    figures: figuresOf(facts),
    scoresCaption:
      "Held-out painted faces; each row is a mean over its pairs. The two gains, in dB, are PSNR against the true answer, swap less unchanged input: over the whole picture, and in the region where the true answer differs from the input. Outside is the PSNR, in dB, of the swap against the input outside this region; higher means that less was changed where nothing should change. The right share is 1 - |swap - truth|\u00b2 / |input - truth|\u00b2 in the region: 1 is the true answer, 0 is doing nothing. The noise is the root mean square of what a 3x3 median leaves of the change, in grey levels of 255.",
    commands: [
      `npx elegant-faces demo --out ${folder} --photos ${photos} --train-seconds ${trainSeconds} --seed ${seed} --workers ${workers}`,
    ],
    notes: [
      `The demo painted ${photos} portraits, aligned them and cropped them to ${DEMO_SIZE} px. On four fifths of them it trained a model for ${ATTRIBUTES} (width ${DEMO_WIDTH}, batch ${DEMO_BATCH} + ${DEMO_BATCH}, ${countSteps(step)}). Then it edited the others.`,
      "Minutes of training only begin to show the method. Therefore the package ships a checkpoint that the same code trained for longer on other painted faces; assets/README.md has its command, seed and log. Each sheet and each row of scores says which of the two models made it.",
      "Training ends after a given time. The number of steps therefore depends on the machine, and so does the second model. Everything else follows from the seed.",
      "Painted faces are simpler than photographs. These scores say that the method works; they do not say how well it works on people.",
    ],
  };
}
