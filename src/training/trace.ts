/** What a caller may read of an update: golden checks and tests look at all of it. */
import * as tf from "@tensorflow/tfjs-core";
import type { Generated } from "../model/exchange.js";
import type { Scores } from "./losses.js";

export interface StepTrace {
  readonly generated: Generated;
  /** Scores by the discriminators before their update. */
  readonly D1: Scores;
  readonly D2: Scores;
  /** Of all four networks. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
}
export type OnTrace = (trace: StepTrace) => Promise<void>;

/** Holds on to parts of an update, some of which appear inside of functions that dispose of them. */
export class TraceKeeper {
  private readonly kept: tf.Tensor[] = [];
  private readonly gradients = new Map<string, tf.Tensor>();
  private parts: Partial<StepTrace> = {};

  private keep<T extends tf.Tensor>(tensor: T): T {
    const held = tf.keep(tf.clone(tensor));
    this.kept.push(held);
    return held;
  }

  addGenerated({ skips, ...tensors }: Generated): void {
    const [latents, residuals, reconstructed, exchanged] = [
      tensors.latents,
      tensors.residuals,
      tensors.reconstructed,
      tensors.exchanged,
    ].map((tensor) => this.keep(tensor));
    const generated = { latents, residuals, reconstructed, exchanged, skips: skips.map((skip) => this.keep(skip)) };
    this.parts = { ...this.parts, generated };
  }

  addScores(scores: Pick<StepTrace, "D1" | "D2">): void {
    const keepAll = ({ A, B, C, D }: Scores): Scores => {
      return { A: this.keep(A), B: this.keep(B), C: this.keep(C), D: this.keep(D) };
    };
    this.parts = { ...this.parts, D1: keepAll(scores.D1), D2: keepAll(scores.D2) };
  }

  addGradients(gradients: ReadonlyMap<string, tf.Tensor>): void {
    for (const [name, gradient] of gradients) this.gradients.set(name, this.keep(gradient));
  }

  /** Everything, once the update is done. */
  trace(): StepTrace {
    return { ...this.parts, gradients: this.gradients } as StepTrace;
  }

  dispose(): void {
    tf.dispose(this.kept);
  }
}
