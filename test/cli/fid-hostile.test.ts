/** Unsuitable files and options for `elegant fid`, and what it reports about them. */
import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { encodeNpy } from "../../src/interop/npy.js";
import { encodeNpz } from "../../src/interop/npz.js";
import { Random } from "../../src/random.js";
import { withSmallDisk } from "../support/disk.js";
import { runHere } from "../support/in-process.js";
import { goldenPhoto } from "../support/pictures.js";
import type { Ended } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

describe("elegant fid with hostile input", () => {
  let folder: string;
  let at: (name: string) => string;

  /** Words that start with @ name files in the test's folder. */
  const elegant = (line: string): Promise<Ended> =>
    runHere(["fid", ...line.split(" ")].map((word) => (word.startsWith("@") ? at(word.slice(1)) : word)));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    at = (name) => join(folder, name);
    const random = Random.fromSeed(9, "hostile");
    const rows = (n: number, d: number) => ({
      shape: [n, d],
      data: Float32Array.from({ length: n * d }, () => random.normal()),
    });
    const a = rows(30, 8);
    await writeFile(at("a.npy"), encodeNpy(a));
    await writeFile(at("wide.npy"), encodeNpy(rows(100, 64)));
    await writeFile(at("narrow.npy"), encodeNpy(rows(30, 5)));
    const edited = (index: number, value: number) => ({ ...a, data: a.data.with(index, value) });
    await writeFile(at("nan.npy"), encodeNpy(edited(3 * 8 + 2, Number.NaN)));
    await writeFile(at("inf.npy"), encodeNpy(edited(29 * 8 + 7, Number.NEGATIVE_INFINITY)));
    const header = (from: string, to: string): Uint8Array =>
      Uint8Array.from(Buffer.from(encodeNpy(a)).toString("latin1").replace(from, to), (c) => c.charCodeAt(0));
    await writeFile(at("half.npy"), header("(30, 8), } ", "(2.5, 8), }"));
    await writeFile(at("huge.npy"), header("(30, 8), }       ", "(900000000, 8), }"));
    await writeFile(at("line.npy"), encodeNpy({ shape: [240], data: a.data }));
    await writeFile(at("cube.npy"), encodeNpy({ shape: [5, 6, 8], data: a.data }));
    await writeFile(at("empty.npz"), "");
    const identity = Float64Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 1 : 0));
    const mu = { shape: [8], data: new Float64Array(8) };
    const sigma = { shape: [8, 8], data: identity };
    const good = encodeNpz({ mu, sigma });
    await writeFile(at("good.npz"), good);
    await writeFile(at("cut.npz"), good.subarray(0, good.length - 9));
    await writeFile(at("flipped.npz"), good.with(700, good[700] ^ 4));
    await writeFile(at("sigma.npz"), encodeNpz({ sigma }));
    await writeFile(at("skewed.npz"), encodeNpz({ mu, sigma: { ...sigma, data: identity.with(1, 0.5) } }));
    await writeFile(at("small.npz"), encodeNpz({ mu, sigma: { shape: [4, 4], data: identity.slice(0, 16) } }));
    await writeFile(at("none-of.npz"), encodeNpz({ mu, sigma, n: { shape: [], data: Float64Array.of(0) } }));
    for (const name of ["images", "damaged", "folder.npz"]) await mkdir(at(name));
    for (let i = 0; i < 3; i++) {
      const bytes = await encodePng(goldenPhoto(`p${i}`, 2, 20 + i, 20));
      await writeFile(at(`images/${i}.png`), bytes);
      await writeFile(at(`damaged/${i}.png`), bytes.subarray(0, 60 + i));
    }
    await copyFile(at("images/0.png"), at("picture.png"));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  const random = "--features random-inception --dims 64 --no-cache";
  const wrong: readonly (readonly [line: string, message: RegExp])[] = [
    ["@none @a.npy", /none: expected a folder of images, .*, received nothing there\. Check the path\.$/],
    ["@a.npy @picture.png", /picture\.png: expected \.npz statistics, .*, received a file of another kind\. Choose/],
    ["@a.npy @empty.npz", /empty\.npz: expected .*, received an empty file\. Choose/],
    [
      `@damaged @images ${random}`,
      /at least two images that can be read, received 0: .*0\.png: .*[^.]\. Add images\.$/,
    ],
    ["@a.npy @nan.npy", /nan\.npy: expected finite features, received NaN in row 3, column 2\. Remove/],
    ["@a.npy @inf.npy", /inf\.npy: expected finite features, received -Infinity in row 29, column 7\. Remove/],
    ["@a.npy @half.npy", /half\.npy: shape: expected whole numbers from 0, received \(2\.5, 8\)\. It is damaged/],
    ["@a.npy @huge.npy", /huge\.npy: data: expected 28800000000 bytes, received 9\d\d for .*\. It is cut short/],
    ["@a.npy @line.npy", /line\.npy: expected features as \[rows, dims\], received an array of shape \[240\]\. Save/],
    ["@a.npy @cube.npy", /cube\.npy: expected features as \[rows, dims\], received an array of shape \[5,6,8\]\. Save/],
    ["@a.npy @cut.npz", /cut\.npz: zip archive: expected a directory at its end, received none: .*\. Fetch/],
    ["@a.npy @flipped.npz", /flipped\.npz: zip archive: expected the checksum of 'sigma\.npy', received another one/],
    ["@a.npy @sigma.npz", /sigma\.npz: expected mu and sigma, or features, received sigma\. Choose/],
    ["@a.npy @skewed.npz", /skewed\.npz: sigma: expected a symmetric matrix, received .* by 5\.0e-1\. It is no/],
    ["@a.npy @small.npz", /small\.npz: sigma: expected \[8, 8\], as mu has 8, received \[4,4\]\. Choose/],
    ["@a.npy @none-of.npz", /none-of\.npz: n: expected one number of rows, at least 2, received 0\. Omit n/],
    ["@a.npy @good.npz --kid", /good\.npz: expected features for --kid and --prc, received statistics\. Statistics/],
    [
      "@a.npy --kid --save-stats @new.npz",
      /B: expected something to compare with, received none\. Name it, or leave --kid/,
    ],
    // Reported before the network starts: there is no "features" progress on stderr.
    [`@images @good.npz --prc ${random}`, /^elegant: .*good\.npz: expected features for --kid and --prc/],
    [`@images @a.npy ${random}`, /^elegant: .*a\.npy: expected 64 dimensions, as --dims says, received 8\. Compare/],
    [
      `@images --save-stats @no/x.npz ${random}`,
      /^elegant: --save-stats: expected a folder that exists, received '.*no'\. Make/,
    ],
    [
      `@images --save-stats @folder.npz ${random}`,
      /^elegant: --save-stats: expected a file, received the folder '.*npz'\./,
    ],
    // Not even the superuser can write there.
    [`@images --save-stats /proc/x.npz ${random}`, /^elegant: --save-stats: cannot write into '\/proc': .*\. Check/],
    // A comparison that failed does not leave the statistics of A behind.
    [
      "@a.npy @narrow.npy --save-stats @new.npz",
      /narrow\.npy: expected 8 dimensions, as .*a\.npy has, received 5\. Compare/,
    ],
  ];
  for (const [line, message] of wrong) {
    it(`refuses ${line} with one line and code 2, and writes nothing`, async () => {
      const before = await treeOf(folder);
      const { code, stdout, stderr } = await elegant(`${line} --json`);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      const errors = stderr.split("\n").filter((text) => text.startsWith("elegant: "));
      assert.equal(errors.length, 1, stderr);
      // A pattern that begins with ^ must match the whole of stderr.
      assert.match(message.source.startsWith("^") ? stderr.trimEnd() : errors[0], message);
      assert.deepEqual(await treeOf(folder), before);
    });
  }

  it("prints the score even if the statistics cannot be saved, and says that they were not", async function () {
    const mounted = await withSmallDisk(folder, 4096, async (disk) => {
      const line = `@wide.npy @wide.npy --save-stats ${join(disk, "x.npz")}`;
      const { code, stdout, stderr } = await elegant(`${line} --json`);
      assert.deepEqual([code, JSON.parse(stdout).fid], [4, 0], stderr);
      assert.match(stderr, /^elegant: Cannot write '.*x\.npz': ENOSPC.* Free some space/m);
      assert.deepEqual(await readdir(disk), []);
      assert.match((await elegant(line)).stdout, /^FID 0\.000000/);
    });
    if (!mounted) this.skip();
  });

  it("says once what holds for both sides, and gives 0 exactly for A and A", async () => {
    const { code, stdout } = await elegant(`@images @images ${random} --json`);
    const { fid, route, warnings } = JSON.parse(stdout);
    assert.deepEqual([code, fid, route, warnings.length], [0, 0, "same", 1]);
  });
});
