/** Seeded mutants of image files in every format: each must be decoded or refused by name. */
import assert from "node:assert/strict";
import { InputError } from "../../src/errors.js";
import { type DecodeOptions, decodeImage } from "../../src/image/codec.js";
import { readImageHeader } from "../../src/image/header.js";
import { Random } from "../../src/random.js";
import { imageSamples, mutate, type Sample } from "../support/mutants.js";

const SEED = Number(process.env.ELEGANT_FUZZ_SEED ?? 20261125);
/** Number of mutants. For ten thousand, set ELEGANT_FUZZ=10000. */
const MUTANTS = Number(process.env.ELEGANT_FUZZ ?? 800);
/** Largest number of pixels that mutants may state. Their contents are small. */
const MAX_PIXELS = 4e6;
/** Limits of processor time, which other programs do not lengthen: seconds, and further seconds per byte of the file. */
const [MOST_SECONDS, SECONDS_A_BYTE] = [2, 20e-6];
const MOST_BYTES = 600e6;
/** Number of mutants after which a sound file is decoded again. */
const CHECK_EVERY = 20;

describe("image/fuzz", () => {
  let samples: readonly Sample[];
  let truths: ReadonlyMap<string, Buffer>;

  before(async () => {
    samples = await imageSamples(96);
    const decoded = samples.map(
      async ({ name, bytes }) => [name, Buffer.from((await decodeImage(bytes, name)).data)] as const,
    );
    truths = new Map(await Promise.all(decoded));
  });

  async function run(options: DecodeOptions): Promise<{ decoded: number; damaged: number; slowest: number }> {
    const random = Random.fromSeed(SEED, JSON.stringify(options));
    const rssBefore = process.memoryUsage().rss;
    let [decoded, damaged, slowest, rss] = [0, 0, 0, 0];
    for (let i = 0; i < MUTANTS; i++) {
      const { name, bytes } = samples[i % samples.length];
      const mutant = mutate(bytes, random);
      const label = `mutant ${i} of ${name}, seed ${SEED}`;
      const start = process.cpuUsage();
      try {
        const image = await decodeImage(mutant, label, options);
        const header = readImageHeader(mutant);
        const swapped = image.orientation >= 5;
        const size = swapped ? [image.height, image.width] : [image.width, image.height];
        assert.deepEqual(size, [header?.width, header?.height], label);
        assert.ok(image.width * image.height <= MAX_PIXELS, label);
        assert.equal(image.data.length, image.width * image.height * 4, label);
        decoded++;
        if (image.damaged !== null) damaged++;
      } catch (error) {
        assert.ok(error instanceof InputError, `${label}: ${error instanceof Error ? error.stack : error}`);
        assert.ok(error.message.startsWith(`${label}: `), error.message);
      }
      const { user, system } = process.cpuUsage(start);
      const seconds = (user + system) / 1e6;
      const most = MOST_SECONDS + mutant.length * SECONDS_A_BYTE;
      assert.ok(seconds < most, `${label}: ${seconds.toFixed(1)} s for ${mutant.length} bytes`);
      slowest = Math.max(slowest, seconds);
      if (i % CHECK_EVERY !== 0) continue;
      rss = Math.max(rss, process.memoryUsage().rss - rssBefore);
      const whole = samples[(i / CHECK_EVERY) % samples.length];
      const again = await decodeImage(whole.bytes, whole.name);
      assert.ok(Buffer.from(again.data).equals(truths.get(whole.name)!), `${whole.name} after ${label}`);
    }
    assert.ok(rss < MOST_BYTES, `memory grew by ${(rss / 1e6).toFixed(0)} MB, seed ${SEED}`);
    console.log(
      `        ${MUTANTS} mutants: ${decoded} decoded (${damaged} noted as damaged), ` +
        `slowest ${(slowest * 1000).toFixed(0)} ms, memory +${(rss / 1e6).toFixed(0)} MB`,
    );
    return { decoded, damaged, slowest };
  }

  it("decodes a damaged file to its header's size or refuses it by name, and the next one rightly", async function () {
    this.timeout(Math.max(900_000, MUTANTS * 100));
    const { damaged } = await run({ maxPixels: MAX_PIXELS });
    assert.equal(damaged, 0, "strict decoding never returns what it knows to be damaged");
  });

  it("uses what is left where damage is tolerated, and notes it", async function () {
    this.timeout(Math.max(900_000, MUTANTS * 100));
    const { decoded, damaged } = await run({ maxPixels: MAX_PIXELS, tolerant: true });
    assert.ok(damaged > MUTANTS / 3 && decoded > MUTANTS / 2, `${decoded} decoded, ${damaged} damaged of ${MUTANTS}`);
  });
});
