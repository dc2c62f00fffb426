/** The words and curves of the demo's report. */
import type { ReportModel, Score } from "../report/model.js";
import { DEMO_ATTRIBUTES, DEMO_BATCH, DEMO_SIZE, DEMO_WIDTH } from "./settings.js";

const countSteps = (step: number): string => `${step} ${step === 1 ? "step" : "steps"}`;

/** Names the model that the demo has trained, in the report and on the terminal. */
export function describeRun(step: number, width: number): string {
  return `trained here: ${countSteps(step)}, width ${width}`;
}

const decibels = (value: number): string => `${value >= 0 ? "+" : ""}${value.toFixed(1)} dB`;

export interface StoryFacts {
  readonly folder: string;
  readonly photos: number;
  readonly trainSeconds: number;
  readonly seed: number;
  readonly workers: number;
  readonly seconds: number;
  readonly step: number;
  readonly gain: { readonly shipped: number; readonly trained: number };
  readonly scores: readonly Score[];
}

type Story = Pick<ReportModel, "title" | "summary" | "figures" | "scoresCaption" | "commands" | "notes">;

export function summarise(facts: StoryFacts): Story {
  const { gain, photos, step, seed, folder, workers, trainSeconds } = facts;
  const attributes = DEMO_ATTRIBUTES.join(" and ");
  return {
    title: "ELEGANT on painted faces",
    summary: [
      `${photos} portraits were painted, aligned and cropped to ${DEMO_SIZE} px; a model for ${attributes} (width ${DEMO_WIDTH}, batch ${DEMO_BATCH} + ${DEMO_BATCH}) was trained for ${countSteps(step)} in front of you, and faces that training never saw were edited.`,
      "Minutes of training only begin to show the method, so the package also ships a checkpoint that the same code trained for longer on other painted faces (assets/README.md has its command, seed and log). Each picture says which of the two made it.",
      "Since the painter can draw the same person with another's attribute, the true answer of every swap is known.",
    ],
    figures: [
      { value: decibels(gain.shipped), label: "shipped checkpoint: swap against doing nothing, in the region" },
      { value: decibels(gain.trained), label: `after ${countSteps(step)} here: the same` },
      { value: `${Math.round(facts.seconds)} s`, label: "for everything in this report" },
    ],
    scoresCaption:
      "Held-out painted faces. The region is where the true answer differs from the input. PSNR is measured against the true answer inside it: of the unchanged input (doing nothing) and of the swap. The right share is 1 - |swap - truth|^2 / |input - truth|^2: 1 is the true answer, 0 is doing nothing.",
    commands: [
      `npx elegant-faces demo --out ${folder} --photos ${photos} --train-seconds ${trainSeconds} --seed ${seed} --workers ${workers}`,
    ],
    notes: [
      "Training ends after a time, so the number of steps, and with it the second model, depends on the machine. Everything else follows from the seed.",
      "Painted faces are simpler than photographs: these scores say that the method works, not how it does on people.",
    ],
  };
}
