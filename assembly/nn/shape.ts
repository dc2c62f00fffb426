/**
 * The description of one 2D convolution, 13 i32 in memory. src/kernels/conv-shape.ts writes it in the same order, which
 * must not change on one side only. The names are those of the forward convolution, in its two gradients as well.
 */

export function batch(s: usize): i32 {
  return load<i32>(s);
}
export function inputHeight(s: usize): i32 {
  return load<i32>(s, 4);
}
export function inputWidth(s: usize): i32 {
  return load<i32>(s, 8);
}
export function inputChannels(s: usize): i32 {
  return load<i32>(s, 12);
}
export function outputHeight(s: usize): i32 {
  return load<i32>(s, 16);
}
export function outputWidth(s: usize): i32 {
  return load<i32>(s, 20);
}
export function outputChannels(s: usize): i32 {
  return load<i32>(s, 24);
}
export function filterHeight(s: usize): i32 {
  return load<i32>(s, 28);
}
export function filterWidth(s: usize): i32 {
  return load<i32>(s, 32);
}
export function strideY(s: usize): i32 {
  return load<i32>(s, 36);
}
export function strideX(s: usize): i32 {
  return load<i32>(s, 40);
}
export function padTop(s: usize): i32 {
  return load<i32>(s, 44);
}
export function padLeft(s: usize): i32 {
  return load<i32>(s, 48);
}
