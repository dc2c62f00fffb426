/**
 * Measures the matrix part of FID, compared with SciPy and NumPy on the same numbers and cores. Usage: npm run bench:fid
 * -- [LARGEST]. It uses dimensions 512, 1024 ... up to LARGEST (default 2048; 4096 takes minutes in SciPy). PYTHON names
 * the Python that has SciPy, by default /usr/bin/python3. Inception's features are measured by npm run bench:cpu.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { encodeNpy } from "../src/interop/npy.js";
import { frechetDistance } from "../src/metrics/frechet.js";
import { Linalg } from "../src/metrics/linalg.js";
import { MomentsAccumulator, statisticsOf } from "../src/metrics/moments.js";
import { asFeatures, type Statistics } from "../src/metrics/sides.js";
import { Random } from "../src/random.js";
import { type Compared, measure, type Row, row, type Timing } from "./measure.js";
import { runPython } from "./processes.js";
import { report } from "./report.js";
import { versionOf } from "./versions.js";

const threads = availableParallelism();
const largest = Number(process.argv[2] ?? 2048);
const DIMS = [512, 1024, 2048, 4096].filter((d) => d <= largest);
const ROUNDS = 5;

function rows(n: number, d: number, seed: number): Float32Array {
  const random = Random.fromSeed(seed, "bench");
  // Decaying scales, as features have.
  const scales = Float32Array.from({ length: d }, (_, j) => Math.exp((-3 * j) / d));
  return Float32Array.from({ length: n * d }, (_, at) => random.between(-1, 1) * scales[at % d]);
}

const folder = await mkdtemp(join(tmpdir(), "elegant-bench-"));
const linalg = await Linalg.open(threads);
const timings = new Map<string, Timing>();
try {
  const moments = (data: Float32Array, d: number): Statistics => {
    const accumulator = new MomentsAccumulator(linalg, d);
    accumulator.add(data);
    return statisticsOf(accumulator.finish(), "bench");
  };
  for (const d of DIMS) {
    const [a, b] = [1, 2].map((seed) => moments(rows(2 * d, d, seed), d));
    timings.set(`frechet-${d}`, await measure(() => frechetDistance(linalg, a, b), ROUNDS));
    for (const [name, { covariance }] of [
      ["a", a],
      ["b", b],
    ] as const) {
      await writeFile(join(folder, `${name}-${d}.npy`), encodeNpy({ shape: [d, d], data: covariance }));
    }
  }
  // The other rows consist mostly of this product. If the processor has wider vectors than WebAssembly, this ratio is
  // the limit of the others.
  const [left, right, product] = [1, 2, 3].map((seed) => linalg.from(rows(2048, 2048, seed), 2048, 2048));
  const multiply = () => linalg.multiply({ matrix: left }, { matrix: right }, product);
  timings.set("product", await measure(multiply, ROUNDS));
  linalg.release(left, right, product);
  const features = rows(10_000, 2048, 3);
  timings.set("moments", await measure(() => moments(features, 2048), ROUNDS));
  await writeFile(join(folder, "features.npy"), encodeNpy({ shape: [10_000, 2048], data: features }));
  const [x, y] = [
    [633, 4],
    [641, 5],
  ].map(([n, seed]) => asFeatures({ shape: [n, 2048], data: rows(n, 2048, seed) }, "bench"));
  timings.set("features", await measure(() => frechetDistance(linalg, x, y), ROUNDS));
  for (const [name, side] of [
    ["x", x],
    ["y", y],
  ] as const) {
    await writeFile(join(folder, `${name}.npy`), encodeNpy({ shape: [side.n, side.d], data: side.data }));
  }
} finally {
  await linalg.close();
}

const peers = runPython<Record<string, number>>("fid.py", [folder, threads, ROUNDS]) ?? {};
await rm(folder, { recursive: true });
const peer = (key: string, library: "NumPy" | "SciPy", name: string): Compared | undefined => {
  const ms = peers[key];
  return ms === undefined ? undefined : { name, version: versionOf(library), timing: { ms, spread: 0 } };
};
const timing = (name: string): Timing => timings.get(name) as Timing;
const target = (d: number, atMost: number): number | null => (d === 2048 ? atMost : null);
const results: Row[] = DIMS.flatMap((d) => {
  const [work, ours] = [`statistics to score, d = ${d}`, timing(`frechet-${d}`)];
  return [
    row(work, ours, 1, peer(`sqrtm-${d}`, "SciPy", "SciPy sqrtm"), target(d, 0.25)),
    row(work, ours, 1, peer(`lapack-${d}`, "SciPy", "SciPy's LAPACK, Cholesky + eigvalsh"), target(d, 1.3)),
  ];
});
results.push(
  row("moments of 10,000 x 2048", timing("moments"), 1, peer("cov", "NumPy", "numpy.cov"), 2.5),
  row("a product of 2048 x 2048 matrices", timing("product"), 1, peer("product", "NumPy", "NumPy")),
  row("features 633/641 x 2048 to score", timing("features"), 1, peer("svd", "NumPy", "NumPy's SVD of the product")),
);
await report("fid", results);
if (DIMS.length > 1) {
  const [first, last] = [DIMS[0], DIMS[DIMS.length - 1]];
  const ratio = timing(`frechet-${last}`).ms / timing(`frechet-${first}`).ms;
  console.log(`Growth from ${first} to ${last}: d^${(Math.log(ratio) / Math.log(last / first)).toFixed(2)}`);
}
