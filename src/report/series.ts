/** The numbers behind a line chart: thinning, smoothing and axes. */

export interface Point {
  readonly step: number;
  readonly value: number;
}

/** Consecutive points combined into one. */
interface Bucket {
  readonly step: number;
  readonly mean: number;
  readonly count: number;
  readonly points: readonly Point[];
}

function intoBuckets(points: readonly Point[], limit: number): Bucket[] {
  const size = Math.ceil(points.length / limit);
  const buckets: Bucket[] = [];
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    const mean = (of: (point: Point) => number): number => part.reduce((sum, p) => sum + of(p), 0) / part.length;
    buckets.push({ step: mean((p) => p.step), mean: mean((p) => p.value), count: part.length, points: part });
  }
  return buckets;
}

/** At most `limit` points that keep every peak: the lowest and the highest of each run of neighbours. */
export function thin(points: readonly Point[], limit: number): Point[] {
  if (points.length <= limit) return [...points];
  return intoBuckets(points, Math.floor(limit / 2)).flatMap(({ points: part }) => {
    const low = part.reduce((a, b) => (b.value < a.value ? b : a));
    const high = part.reduce((a, b) => (b.value > a.value ? b : a));
    return low.step <= high.step ? [low, high] : [high, low];
  });
}

/**
 * A running mean without lag, with at most `limit` points. Neighbours are weighted by a Gaussian of 1/50 of the points,
 * and the weights are normalised at both ends. Up to 25 points are too few for such a mean and are returned unchanged.
 */
export function smooth(points: readonly Point[], limit: number): Point[] {
  if (points.length <= 25) return [...points];
  const buckets = intoBuckets(points, limit);
  const sigma = buckets.length / 50;
  const reach = Math.ceil(3 * sigma);
  return buckets.map(({ step }, i) => {
    let sum = 0;
    let total = 0;
    for (let j = Math.max(0, i - reach); j <= Math.min(buckets.length - 1, i + reach); j++) {
      const weight = buckets[j].count * Math.exp(-0.5 * ((j - i) / sigma) ** 2);
      sum += weight * buckets[j].mean;
      total += weight;
    }
    return { step, value: sum / total };
  });
}

/** The value below which `share` (0 to 1) of the sorted values are. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** About `count` round numbers within low .. high. Their distance is 1, 2 or 5 times a power of ten. */
export function linearTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const spacing = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const ticks: number[] = [];
  // Multiply instead of adding up, so that rounding errors do not accumulate; + 0 turns -0 into 0.
  for (let i = Math.ceil(low / spacing - 1e-9) + 0; i * spacing <= high + spacing * 1e-9; i++) ticks.push(i * spacing);
  return ticks;
}

/** Powers of ten within low .. high (both positive). If there are fewer than three, 2 and 5 times the powers are added. */
export function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const within = (factors: readonly number[]): number[] =>
    Array.from({ length: last - first + 1 }, (_, i) => factors.map((factor) => factor * 10 ** (first + i)))
      .flat()
      .filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  const powers = within([1]);
  return powers.length >= 3 ? powers : within([1, 2, 5]);
}
