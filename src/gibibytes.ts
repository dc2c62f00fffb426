/** Sizes of memory in words. */

/** 16.0 GiB */
export function formatGibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
