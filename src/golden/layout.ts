/** Changes the order of axes between golden files, which have PyTorch's, and the device. */

/** Converts [N, H, W, C] values to [N, C, H, W]. */
export function toChannelsFirst(values: Float32Array, [n, h, w, c]: readonly number[]): Float32Array {
  const out = new Float32Array(values.length);
  let from = 0;
  for (let picture = 0; picture < n; picture++) {
    for (let pixel = 0; pixel < h * w; pixel++) {
      for (let channel = 0; channel < c; channel++) out[(picture * c + channel) * h * w + pixel] = values[from++];
    }
  }
  return out;
}

/** Converts [N, C, H, W] values to [N, H, W, C]. */
export function toChannelsLast(values: Float32Array, [n, c, h, w]: readonly number[]): Float32Array {
  // The same exchange of two axes, with the roles of channels and pixels swapped.
  return toChannelsFirst(values, [n, c, 1, h * w]);
}
