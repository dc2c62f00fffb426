/** The values of an update that a caller may read; golden checks and tests use all of them. */
import * as tf from "@tensorflow/tfjs-core";
import type { Gradients } from "../../nn/optimizer.js";
import type { Generated } from "./exchange.js";
import type { Score, Scores } from "./losses.js";

export interface ForwardTrace {
  readonly generated: Generated;
  /** Scores by the discriminators before their update. */
  readonly D1: Scores;
  readonly D2: Scores;
}
export interface StepTrace {
  /** Null for a batch in parts. */
  readonly forward: ForwardTrace | null;
  /** Gradients of all four networks; summed if the batch is computed in parts. */
  readonly gradients: Gradients;
}
export type OnTrace = (trace: StepTrace) => Promise<void>;

/** Keeps parts of an update. Some of them appear inside functions that would dispose them. */
export class TraceKeeper {
  private readonly kept: tf.Tensor[] = [];
  private readonly gradients = new Map<string, tf.Tensor>();
  private generated: Generated | null = null;
  private scores: Pick<ForwardTrace, "D1" | "D2"> | null = null;

  private keep<T extends tf.Tensor>(tensor: T): T {
    const held = tf.keep(tf.clone(tensor));
    this.kept.push(held);
    return held;
  }

  addGenerated({ skips, masks, differences, ...tensors }: Generated): void {
    const [latents, residuals, reconstructed, exchanged] = [
      tensors.latents,
      tensors.residuals,
      tensors.reconstructed,
      tensors.exchanged,
    ].map((tensor) => this.keep(tensor));
    this.generated = {
      ...{ latents, residuals, reconstructed, exchanged },
      masks: masks === null ? null : this.keep(masks),
      differences: differences === null ? null : this.keep(differences),
      skips: skips.map((skip) => this.keep(skip)),
    };
  }

  addScores(scores: Pick<ForwardTrace, "D1" | "D2">): void {
    const keep = ({ logits, weights }: Score): Score => {
      return { logits: this.keep(logits), weights: weights === null ? null : this.keep(weights) };
    };
    const keepAll = ({ A, B, C, D }: Scores): Scores => ({ A: keep(A), B: keep(B), C: keep(C), D: keep(D) });
    this.scores = { D1: keepAll(scores.D1), D2: keepAll(scores.D2) };
  }

  addGradients(gradients: Gradients): void {
    for (const [name, gradient] of gradients) this.gradients.set(name, this.keep(gradient));
  }

  /** Returns all kept values, once the update is done. */
  trace(): StepTrace {
    const { generated, scores, gradients } = this;
    const forward = generated === null || scores === null ? null : { generated, ...scores };
    return { forward, gradients };
  }

  dispose(): void {
    tf.dispose(this.kept);
  }
}
