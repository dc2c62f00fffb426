/** Node without SharedArrayBuffer gives the same errors, scores, trainings and photos as with it, and names what memory lacks. */
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { encodeNpy } from "../../src/interop/npy.js";
import { Random } from "../../src/random.js";
import { writeFaces } from "../support/faces.js";
import { useFolder } from "../support/folder.js";
import { assertSameFiles, runBoth, runWith, WITHOUT } from "../support/one-thread.js";
import { writeSmallDataset } from "../support/pictures.js";
import type { Ended } from "../support/spawn.js";
import { fromRoot } from "../support/spawn.js";

describe("without SharedArrayBuffer", () => {
  const at = useFolder();

  it("verify finds the same errors", async () => {
    const path = fromRoot("test/fixtures/elegant-s1-64px-b2-n3.json");
    const { plain, shared } = await runBoth(at(), "verify", path, "--device", "wasm");
    assert.deepEqual(plain.json, shared.json);
    assert.equal(plain.json.ok, true);
  });

  it("fid gives the same scores of features and of pictures", async () => {
    const random = Random.fromSeed(3, "rows");
    for (const [name, n] of [
      ["a.npy", 300],
      ["b.npy", 200],
    ] as const) {
      const data = Float32Array.from({ length: n * 64 }, () => random.normal());
      await writeFile(at(name), encodeNpy({ shape: [n, 64], data }));
    }
    await writeFaces(at("pictures"), 5);
    const images = ["--dims", "64", "--features", "random-inception", "--no-cache", "--device", "wasm"];
    for (const words of [
      [at("b.npy"), "--kid", "--prc", "--save-stats", "OUT/a.npz"],
      [at("pictures/images"), ...images, "--batch", "2"],
    ]) {
      const both = await runBoth(at(), "fid", at("a.npy"), ...words);
      const [plain, shared] = [both.plain, both.shared].map(({ json: { seconds, ...scores } }) => scores);
      assert.deepEqual(plain, shared);
      assert.ok((plain.fid as number) > 0);
      assertSameFiles(both, ".npz", words.includes("--kid") ? 1 : 0);
    }
  });

  it("training takes the same steps", async () => {
    await writeFaces(at("faces"), 12);
    const small = "--attributes Bangs Smiling --size 64 --width 4 --batch 2 --steps 2 --device wasm".split(" ");
    const both = await runBoth(at(), "train", at("faces"), ...small, "--out", "OUT/run");
    assertSameFiles(both, ".safetensors", 3);
    assertSameFiles(both, ".png", 1);
  });

  it("preprocess and synth write the same pictures", async () => {
    await writeSmallDataset(at("photos"), 6);
    assertSameFiles(await runBoth(at(), "preprocess", at("photos"), "OUT/faces", "--size", "64"), ".jpg", 6);
    assertSameFiles(await runBoth(at(), "synth", "OUT/painted", "--count", "2"), ".jpg", 2);
  });

  it("takes what memory the engine gives, and says what to do when that is full", async () => {
    const d = 4096; // a covariance takes 128 MiB
    await writeFile(at("wide.npy"), encodeNpy({ shape: [2, d], data: new Float32Array(2 * d) }));
    const fid = ["fid", at("wide.npy"), "--save-stats", at("wide.npz")];
    const limited = (pages: number): Promise<Ended> => runWith(fid, [WITHOUT, `--wasm-max-mem-pages=${pages}`]);
    const full = await limited(1024);
    assert.equal(full.code, 4, full.stderr);
    assert.match(
      full.stderr,
      /^elegant: memory: expected room for \d+ MiB more in addition to \d+ MiB in use, received none\./m,
    );
    const none = await limited(512);
    assert.equal(none.code, 4, none.stderr);
    assert.ok(!(await readdir(at())).includes("wide.npz"));
    assert.equal((await limited(16384)).code, 0);
    assert.match(none.stderr, /^elegant: memory: expected 64 MiB of address space, received none\./m);
  });
});
