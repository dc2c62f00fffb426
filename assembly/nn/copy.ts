/** Copies runs of consecutive values between places with different strides. Joining tensors along their channels needs this. */

/**
 * Copies some of the runs: run i goes from `from + i * fromBytes` to `to + i * toBytes`.
 * @param runBytes length of a run in bytes, a multiple of four
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
  if (runBytes <= 32) {
    // For a few channels, calling a copy costs more than copying them here.
    for (let run = first; run < last; run++) {
      const a = from + <usize>run * fromBytes;
      const b = to + <usize>run * toBytes;
      for (let i: usize = 0; i < runBytes; i += 4) store<u32>(b + i, load<u32>(a + i));
    }
    return;
  }
  for (let run = first; run < last; run++) {
    memory.copy(to + <usize>run * toBytes, from + <usize>run * fromBytes, runBytes);
  }
}
