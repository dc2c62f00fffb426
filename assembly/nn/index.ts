export function identity(x: i32): i32 {
  return x;
}
