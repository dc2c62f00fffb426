/**
 * The description of one 2D convolution, 13 i32 in memory. src/kernels/conv-shape.ts writes it; the order is a contract.
 * The names are those of the forward convolution, also in its two gradients.
 */

// @ts-ignore: decorator
@inline
export function batch(s: usize): i32 {
  return load<i32>(s);
}
// @ts-ignore: decorator
@inline
export function inputHeight(s: usize): i32 {
  return load<i32>(s, 4);
}
// @ts-ignore: decorator
@inline
export function inputWidth(s: usize): i32 {
  return load<i32>(s, 8);
}
// @ts-ignore: decorator
@inline
export function inputChannels(s: usize): i32 {
  return load<i32>(s, 12);
}
// @ts-ignore: decorator
@inline
export function outputHeight(s: usize): i32 {
  return load<i32>(s, 16);
}
// @ts-ignore: decorator
@inline
export function outputWidth(s: usize): i32 {
  return load<i32>(s, 20);
}
// @ts-ignore: decorator
@inline
export function outputChannels(s: usize): i32 {
  return load<i32>(s, 24);
}
// @ts-ignore: decorator
@inline
export function filterHeight(s: usize): i32 {
  return load<i32>(s, 28);
}
// @ts-ignore: decorator
@inline
export function filterWidth(s: usize): i32 {
  return load<i32>(s, 32);
}
// @ts-ignore: decorator
@inline
export function strideY(s: usize): i32 {
  return load<i32>(s, 36);
}
// @ts-ignore: decorator
@inline
export function strideX(s: usize): i32 {
  return load<i32>(s, 40);
}
// @ts-ignore: decorator
@inline
export function padTop(s: usize): i32 {
  return load<i32>(s, 44);
}
// @ts-ignore: decorator
@inline
export function padLeft(s: usize): i32 {
  return load<i32>(s, 48);
}
