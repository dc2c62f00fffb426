/** `elegant fid` on features, statistics and images, with its cache, warnings and JSON. */
import assert from "node:assert/strict";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePth } from "../../src/interop/pth-writer.js";
import { randomInceptionTensors } from "../../src/metrics/inception.js";
import { elegant, rows, writePictures } from "../support/fid-inputs.js";
import { withFolder } from "../support/folder.js";
import { treeOf } from "../support/tree.js";

describe("elegant fid", () => {
  it("compares features, statistics and images in any mix, with all that the contract names", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFile(at("a.npy"), rows(300, 64, 1));
      await writeFile(at("b.npy"), rows(200, 64, 2));
      await writePictures(at("images"), 5, 3);
      const scored = await elegant(folder, "fid", at("a.npy"), at("b.npy"), "--kid", "--prc", "--json");
      assert.equal(scored.code, 0, scored.stderr);
      const json = JSON.parse(scored.stdout);
      assert.deepEqual(Object.keys(json).sort(), [
        "cached",
        "comparable",
        "decoder",
        "dims",
        "failures",
        "features",
        "fid",
        "kid",
        "kidStd",
        "kidSubsetMean",
        "mode",
        "n",
        "precision",
        "rank",
        "raw",
        "recall",
        "route",
        "seconds",
        "warnings",
      ]);
      assert.deepEqual([json.n, json.dims, json.route, json.rank], [[300, 200], 64, "cholesky", [64, 64]]);
      assert.ok(json.fid > 1 && json.fid < 100 && json.fid === json.raw);

      assert.equal((await elegant(folder, "fid", at("a.npy"), "--save-stats", at("a.npz"))).code, 0);
      const mixed = JSON.parse((await elegant(folder, "fid", at("a.npz"), at("b.npy"), "--json")).stdout);
      assert.ok(Math.abs(mixed.fid - json.fid) < 1e-9 * json.fid, `${mixed.fid}, ${json.fid}`);
      assert.ok(!("kid" in mixed) && !("precision" in mixed));

      const words = ["--features", "random-inception", "--dims", "64", "--json"];
      const images = await elegant(folder, "fid", at("images"), at("a.npy"), ...words);
      assert.equal(images.code, 0, images.stderr);
      assert.match(images.stderr, /not comparable with published scores/);
      assert.match(images.stderr, /Warning: .*images has 5 rows for 64 dimensions: its covariance has rank 4/);
      const first = JSON.parse(images.stdout);
      assert.deepEqual([first.comparable, first.mode, first.n], [false, "pytorch", [5, 300]]);
      const again = await elegant(folder, "fid", at("images"), at("a.npy"), ...words);
      assert.match(again.stderr, /features from the cache/);
      assert.equal(JSON.parse(again.stdout).fid, first.fid);
      const other = await elegant(folder, "fid", at("images"), at("a.npy"), ...words, "--mode", "clean", "--no-cache");
      assert.notEqual(JSON.parse(other.stdout).fid, first.fid);
      assert.equal(JSON.parse((await elegant(folder, "fid", at("images"), at("images"), ...words)).stdout).fid, 0);
    }));

  it("warns on stderr, never among the results on stdout, and in the JSON", () =>
    withFolder(async (folder) => {
      const [a, b] = ["a.npy", "b.npy"].map((name) => join(folder, name));
      await writeFile(a, rows(300, 64, 1));
      await writeFile(b, rows(20, 64, 2));
      const warning = `${b} has 20 rows for 64 dimensions: its covariance has rank 19, and FID is biased upwards; KID (--kid) is not.`;
      const plain = await elegant(folder, "fid", a, b);
      assert.equal(plain.stderr, `Warning: ${warning}\n`);
      assert.match(plain.stdout, /^FID [\d.]+, by the route features, 64 dims, as given\n$/);
      const json = await elegant(folder, "fid", a, b, "--json");
      assert.ok(json.stderr.startsWith(`Warning: ${warning}\n`), json.stderr);
      assert.deepEqual(JSON.parse(json.stdout).warnings, [warning], "stdout is one object");
      const saved = await elegant(folder, "fid", b, "--save-stats", join(folder, "b.npz"), "--json");
      assert.deepEqual(JSON.parse(saved.stdout).warnings, [warning]);
    }));

  it("skips damaged images with code 3 and names them, or stops with --strict", () =>
    withFolder(async (folder) => {
      const images = join(folder, "images");
      await writePictures(images, 4, 3);
      await writeFile(join(images, "bad.png"), "no picture");
      const args = ["fid", images, images, "--features", "random-inception", "--dims", "64", "--no-cache"];
      const skipped = await elegant(folder, ...args, "--json");
      assert.equal(skipped.code, 3, skipped.stderr);
      assert.match(JSON.parse(skipped.stdout).failures[0].file, /bad\.png$/);
      const [, , , ...options] = args;
      const saved = await elegant(folder, "fid", images, ...options, "--save-stats", join(folder, "a.npz"), "--json");
      assert.equal(saved.code, 3, saved.stderr);
      assert.match(JSON.parse(saved.stdout).failures[0].file, /bad\.png$/);
      const strict = await elegant(folder, ...args, "--strict");
      assert.equal(strict.code, 2);
      assert.match(strict.stderr, /elegant: .*bad\.png/);
    }));

  it("scores nested folders with --recursive, each picture once, and reports one that cannot be read", () =>
    withFolder(async (folder) => {
      const [flat, nested] = ["flat", "nested"].map((name) => join(folder, name));
      await writePictures(flat, 4, 3);
      await mkdir(join(nested, "some.png", "deep"), { recursive: true });
      for (const [from, to] of [
        ["0.png", "0.PNG"],
        ["1.png", "some.png/1.png"],
        ["2.png", "some.png/deep/2.png"],
        ["3.png", "some.png/deep/3.png"],
        ["3.png", ".hidden.png"],
      ]) {
        await copyFile(join(flat, from), join(nested, to));
      }
      await symlink(nested, join(nested, "some.png", "loop"));
      const words = ["--features", "random-inception", "--dims", "64", "--json"];
      const same = await elegant(folder, "fid", flat, nested, ...words, "--recursive");
      assert.equal(same.code, 0, same.stderr);
      const { fid, n } = JSON.parse(same.stdout);
      assert.deepEqual([fid, n], [0, [4, 4]]);
      await symlink(join(folder, "gone.png"), join(nested, "link.png"));
      const broken = await elegant(folder, "fid", flat, nested, ...words, "--recursive");
      assert.equal(broken.code, 3, broken.stderr);
      const told = JSON.parse(broken.stdout);
      assert.deepEqual([told.fid, told.n, told.failures.length], [0, [4, 4], 1]);
      assert.match(told.failures[0].file, /link\.png$/);
    }));

  it("refuses what it cannot compare, with one line and nothing written", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await mkdir(at("empty"));
      await mkdir(at("texts"));
      await writeFile(at("texts/a.txt"), "a");
      await writePictures(at("one"), 1, 3);
      await writeFile(at("a.npy"), rows(10, 64, 1));
      await writeFile(at("b.npy"), rows(10, 32, 1));
      await writeFile(at("page.npz"), "<html>");
      const random = ["--features", "random-inception", "--dims", "64", "--no-cache"];
      const before = await treeOf(folder);
      for (const [args, message] of [
        [[at("empty"), at("a.npy"), ...random], /expected images .*, received an empty folder/],
        [
          [at("texts"), at("a.npy"), ...random],
          /a folder of 1 other entries\. Choose another folder, or add --recursive/,
        ],
        [[at("one"), at("a.npy"), ...random], /at least two images that can be read, received 1/],
        [
          [at("one"), at("a.npy"), "--dims", "64"],
          /--weights: expected the weights of Inception for images, received none\. Run 'elegant weights'/,
        ],
        [[at("a.npy"), at("b.npy")], /b\.npy: expected 64 dimensions, as .*a\.npy has, received 32/],
        [[at("a.npy"), at("page.npz")], /page\.npz: expected \.npz statistics, .*, received a file of another kind/],
        [[at("a.npy"), at("none.npy")], /none\.npy: expected a folder of images, .*, received nothing there\. Check/],
        [[at("a.npy")], /B: expected something to compare with/],
        [[at("a.npy"), "--save-stats", at("x.txt")], /--save-stats: expected a name ending in \.npz/],
        [[at("a.npy"), at("b.npy"), "--dims", "100"], /--dims/],
      ] as const) {
        const { code, stdout, stderr } = await elegant(folder, "fid", ...args);
        assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
        assert.match(stderr, message);
        assert.doesNotMatch(stdout, /^FID /m);
      }
      assert.deepEqual(await treeOf(folder), before);
    }));

  it("takes weights from a .pth, keeps them, and says that they are not the published ones", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writePictures(at("images"), 3, 5);
      await writeFile(at("a.npy"), rows(10, 64, 1));
      // The names of a wrapped model's state dict, including batch norm's counters.
      const wrapped = [...randomInceptionTensors(1, 2048)].flatMap(([name, tensor]) => [
        [`module._orig_mod.${name}`, tensor] as const,
        ...(name.endsWith(".bn.weight")
          ? [
              [
                `module.${name.replace(/weight$/, "num_batches_tracked")}`,
                { shape: [], data: Float32Array.of(3) },
              ] as const,
            ]
          : []),
      ]);
      await writeFile(at("w.pth"), encodePth(new Map(wrapped)));
      const none = JSON.parse((await elegant(folder, "weights", "--json")).stdout);
      assert.deepEqual([none.sha256Prefix, none.installed], ["6726825d", null]);
      assert.match(none.url, /pt_inception-2015-12-05-6726825d\.pth$/);
      const kept = await elegant(folder, "weights", at("w.pth"), "--json");
      assert.equal(kept.code, 0, kept.stderr);
      const { published, tensors } = JSON.parse(kept.stdout);
      assert.deepEqual([published, tensors], [false, 470]);
      const args = ["fid", at("images"), at("a.npy"), "--dims", "64", "--json", "--no-cache"];
      const installed = JSON.parse((await elegant(folder, ...args)).stdout);
      assert.deepEqual(
        [installed.comparable, /^inception with weights [0-9a-f]{8}$/.test(installed.features)],
        [false, true],
      );
      const named = JSON.parse((await elegant(folder, ...args, "--weights", at("w.pth"))).stdout);
      assert.equal(named.fid, installed.fid);
      const random = JSON.parse((await elegant(folder, ...args, "--features", "random-inception")).stdout);
      assert.equal(random.fid, installed.fid, "the same seeded weights");
      await writeFile(at("bad.pth"), encodePth(new Map([["fc.bias", { shape: [1], data: Float32Array.of(1) }]])));
      const bad = await elegant(folder, "weights", at("bad.pth"));
      assert.equal(bad.code, 2);
      assert.match(
        bad.stderr,
        /bad\.pth: expected tensors 'Conv2d_1a_3x3\.conv\.weight' .* and 466 more, received 1 tensors without them/,
      );
    }));
});
