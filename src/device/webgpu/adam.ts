/** The program of ../ops/adam.ts: one pass over all values, in place. */
import type { Program } from "./program.js";

export const ADAM_PROGRAM: Program = {
  name: "adam",
  reads: ["gradient"],
  writes: ["p", "first", "second"],
  scalars: {
    count: "u32",
    step_size: "f32",
    beta1: "f32",
    beta2: "f32",
    rest1: "f32",
    rest2: "f32",
    epsilon: "f32",
    root_correction2: "f32",
    weight_decay: "f32",
  },
  body: `
  for (var i = group * 64u + local; i < scalars.count; i += groups * 64u) {
    let g = gradient[i] + p[i] * scalars.weight_decay;
    let m = first[i] * scalars.beta1 + g * scalars.rest1;
    let v = second[i] * scalars.beta2 + g * g * scalars.rest2;
    first[i] = m;
    second[i] = v;
    p[i] -= m / (sqrt(v) / scalars.root_correction2 + scalars.epsilon) * scalars.step_size;
  }`,
};
