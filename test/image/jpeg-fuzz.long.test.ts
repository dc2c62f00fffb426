/** Seeded mutants of JPEG files: the fast path of preprocess and the whole decoder must agree on each. */
import assert from "node:assert/strict";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";
import { readBaselineJpeg } from "../../src/image/formats/jpeg-header.js";
import { cropFace, cropFromJpeg } from "../../src/image/photo.js";
import { Pixels } from "../../src/image/pixels.js";
import { noSeconds } from "../../src/image/stage-times.js";
import type { Placement } from "../../src/image/tasks.js";
import { loadModule } from "../../src/kernels/module.js";
import { Random } from "../../src/random.js";
import { jpegSamples, mutateJpeg, scanOf } from "../support/jpeg-samples.js";
import type { Sample } from "../support/mutants.js";

const SEED = Number(process.env.ELEGANT_FUZZ_SEED ?? 20261128);
/** Number of mutants. For ten thousand, set ELEGANT_FUZZ=10000. */
const MUTANTS = Number(process.env.ELEGANT_FUZZ ?? 3000);
const MAX_PIXELS = 4e6;
const SIZE = 48;
/** A generous limit: a file takes about a millisecond, and mutants that state megapixels need bytes for them. */
const MOST_SECONDS = 0.5;
const SECONDS_PER_MEGABYTE = 200;

interface Crop {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly damaged: string | null;
}

/** The crop, or "refused" for an InputError. No other error may be thrown. */
async function orRefused(work: () => Promise<Crop | null>, label: string): Promise<Crop | "refused" | null> {
  try {
    return await work();
  } catch (error) {
    assert.ok(error instanceof InputError, `${label}: ${error instanceof Error ? error.stack : error}`);
    return "refused";
  }
}

function randomPlacement(random: Random): Placement {
  const [x, y, scale, turn] = [
    random.between(10, 90),
    random.between(10, 80),
    random.between(0.1, 1),
    random.between(-1, 1),
  ];
  const at = (dx: number, dy: number): readonly [number, number] => [
    x + scale * (dx * Math.cos(turn) - dy * Math.sin(turn)),
    y + scale * (dx * Math.sin(turn) + dy * Math.cos(turn)),
  ];
  return { kind: "landmarks", points: [at(-15, -20), at(15, -20), at(0, 0), at(-12, 15), at(12, 15)] };
}

describe("image/jpeg: damaged files", () => {
  let samples: readonly Sample[];
  let pixels: Pixels;

  before(async () => {
    samples = await jpegSamples(Random.fromSeed(SEED, "samples"));
    pixels = new Pixels(await loadModule("image"));
  });

  async function run(tolerant: boolean): Promise<{ quick: number; refused: number; damaged: number }> {
    const random = Random.fromSeed(SEED, `mutants ${tolerant}`);
    const counts = { quick: 0, refused: 0, damaged: 0 };
    let slowest = 0;
    for (let i = 0; i < MUTANTS; i++) {
      const { name, bytes } = samples[i % samples.length];
      const mutant = mutateJpeg(bytes, random);
      const placement = randomPlacement(random);
      const label = `mutant ${i} of ${name}${tolerant ? ", tolerant" : ""}, seed ${SEED}`;
      const quick = await orRefused(async () => {
        const task = { size: SIZE, maxPixels: MAX_PIXELS };
        const made = await cropFromJpeg(pixels, mutant, { placement, file: label }, task, noSeconds());
        return made && { data: pixels.copyWindow(made.crop).data, damaged: null };
      }, label);
      const start = performance.now();
      const whole = await orRefused(async () => {
        const image = await decodeImage(mutant, label, { maxPixels: MAX_PIXELS, tolerant });
        return { data: cropFace(pixels, image, placement, SIZE, label).crop.data, damaged: image.damaged };
      }, label);
      const seconds = (performance.now() - start) / 1000;
      slowest = Math.max(slowest, seconds);
      const bound = MOST_SECONDS + (SECONDS_PER_MEGABYTE * mutant.length) / 1e6;
      assert.ok(seconds < bound, `${label}: ${seconds.toFixed(2)} s for ${mutant.length} bytes`);

      assert.ok(whole !== null);
      if (whole === "refused") counts.refused++;
      else if (whole.damaged !== null) counts.damaged++;
      if (quick === "refused") {
        assert.equal(whole, "refused", `${label}: refused by the quick path alone`);
      } else if (quick !== null) {
        counts.quick++;
        assert.ok(whole !== "refused", `${label}: accepted by the quick path alone`);
        assert.equal(whole.damaged, null, label);
        assert.ok(Buffer.from(quick.data).equals(Buffer.from(whole.data)), `${label}: other pixels`);
      } else if (whole !== "refused" && whole.damaged === null) {
        const upright = readBaselineJpeg(mutant)?.orientation === 1;
        assert.ok(!upright, `${label}: a baseline file that is damaged to the quick path alone`);
      }
    }
    console.log(
      `        ${MUTANTS} mutants: ${counts.quick} accepted by the quick path, ${counts.refused} refused, ` +
        `${counts.damaged} noted as damaged, slowest ${(slowest * 1000).toFixed(0)} ms`,
    );
    return counts;
  }

  it("are the same to the quick path of preprocess and to the whole decoder, pixels included", async function () {
    this.timeout(Math.max(900_000, MUTANTS * 100));
    const { quick, refused, damaged } = await run(false);
    assert.ok(quick > MUTANTS / 20 && refused > MUTANTS / 2, `${quick} quick, ${refused} refused of ${MUTANTS}`);
    assert.equal(damaged, 0, "strict decoding never returns what it knows to be damaged");
  });

  it("are noted as damaged where damage is tolerated, never taken for whole by the quick path", async function () {
    this.timeout(Math.max(900_000, MUTANTS * 100));
    const { quick, damaged } = await run(true);
    assert.ok(quick > MUTANTS / 20 && damaged > MUTANTS / 3, `${quick} quick, ${damaged} damaged of ${MUTANTS}`);
  });

  it("keep their verdict when bytes are lost or doubled anywhere in the image data", async () => {
    const placement = randomPlacement(Random.fromSeed(SEED, "placement"));
    for (const { name, bytes } of samples) {
      const scan = scanOf(bytes);
      const room = bytes.length - 2 - scan;
      for (const share of [0.1, 0.25, 0.5, 0.75]) {
        for (const length of [100, Math.floor(room / 5)]) {
          const at = scan + Math.floor(share * room);
          const from = Math.max(scan, at - length);
          const lost = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
          const doubled = Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, at), bytes.subarray(at)]);
          for (const mutant of [lost, doubled]) {
            const label = `${name}: ${length} bytes ${mutant === lost ? "lost" : "doubled"} at ${share} of its data`;
            await assert.rejects(decodeImage(mutant, label), InputError, label);
            const rest = await orRefused(() => decodeImage(mutant, label, { tolerant: true }), label);
            // Nothing may be left of a progressive file, because its first table can be the broken one.
            if (rest === "refused") assert.equal(name, "progressive.jpg", label);
            else assert.ok(rest?.damaged, label);
            const task = { size: SIZE, maxPixels: MAX_PIXELS };
            assert.equal(
              await cropFromJpeg(pixels, mutant, { placement, file: label }, task, noSeconds()),
              null,
              label,
            );
          }
        }
      }
    }
  });
});
