/** Work for the planner that takes no time but reports the seconds that it is given. */
import type { Place } from "../../src/planner/types.js";
import type { Rehearsal, Work } from "../../src/planner/work/work.js";

export interface ReportedStage {
  readonly name: string;
  readonly place: Place;
  /** Seconds that a call of `batch` items takes. @param call its number, from 0, in this rehearsal */
  seconds(batch: number, call: number): number;
}

/** Decoding in the pool and an update on the device, as in a training. */
export const TRAINING: readonly ReportedStage[] = [
  { name: "decode", place: "pool", seconds: (batch) => 0.003 * batch },
  { name: "update", place: "device", seconds: (batch) => 0.01 * batch },
];

export class ReportedWork implements Work {
  readonly items = "pairs";
  readonly doing = "decode ahead";
  readonly key: string;
  readonly batches: readonly number[];
  readonly shapes: Work["shapes"];
  /** The batches of all rehearsals so far. */
  readonly rehearsed: number[] = [];
  private readonly stages: readonly ReportedStage[];

  constructor(key: string, stages: readonly ReportedStage[] = TRAINING, batches: readonly number[] = [1]) {
    this.key = key;
    this.batches = batches;
    this.stages = stages;
    this.shapes = stages.map(({ name, place }) => ({ name, place, group: place, outputBytes: 1 }));
  }

  async rehearse({ batch, feeding, isOver }: Rehearsal): Promise<void> {
    this.rehearsed.push(batch);
    for (let call = 0; !isOver(); call++) {
      for (const { name, seconds } of this.stages) feeding.onTimes({ [name]: seconds(batch, call) }, batch);
    }
  }
}
