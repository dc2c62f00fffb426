/** The program of ../ops/rmsprop.ts: one pass over all values, in place. */
import type { Program } from "./program.js";

export const RMSPROP_PROGRAM: Program = {
  name: "rmsprop",
  reads: ["gradient"],
  writes: ["p", "second"],
  scalars: {
    count: "u32",
    rate: "f32",
    decay: "f32",
    rest: "f32",
    offset: "f32",
    limit: "f32",
  },
  body: `
  for (var i = group * 64u + local; i < scalars.count; i += groups * 64u) {
    let g = gradient[i];
    let v = second[i] * scalars.decay + g * g * scalars.rest;
    second[i] = v;
    p[i] = clamp(p[i] - g * scalars.rate / sqrt(v + scalars.offset), -scalars.limit, scalars.limit);
  }`,
};
