/** Copies runs of consecutive values between places with other strides, as joining tensors along their channels needs. */

/**
 * Some runs (of all): run i goes from `from + i * fromBytes` to `to + i * toBytes`.
 * @param runBytes length of a run
 */
export function copyRuns(
  from: usize,
  to: usize,
  runBytes: usize,
  fromBytes: usize,
  toBytes: usize,
  runs: i32,
  blockRuns: i32,
  block: i32,
): void {
  const first = block * blockRuns;
  const last = min(runs, first + blockRuns);
  for (let run = first; run < last; run++) {
    memory.copy(to + <usize>run * toBytes, from + <usize>run * fromBytes, runBytes);
  }
}
