/** `elegant align` on photos made of painted faces, and edits that are pasted back into them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { landmarksAt, readLandmarks } from "../../src/dataset/lists.js";
import { maskAt } from "../../src/detection/paste.js";
import type { AlignedFace } from "../../src/detection/transforms.js";
import { MEAN_FACE, transformPoint } from "../../src/image/align.js";
import { decodeImage, encodePng } from "../../src/image/codec.js";
import { loadPainter, renderPhoto } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import type { RgbaImage } from "../../src/types.js";
import { assertClose } from "../support/close.js";
import { runHere } from "../support/in-process.js";
import { tinyGenerator } from "../support/model.js";
import { goldenPhoto } from "../support/pictures.js";
import { type Ended, fromRoot } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

interface Answer {
  readonly done: number;
  readonly failed: number;
  readonly faces: readonly AlignedFace[];
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
}

/** Two images of the same height next to each other. */
function beside(a: RgbaImage, b: RgbaImage): RgbaImage {
  const [width, height] = [a.width + b.width, Math.min(a.height, b.height)];
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    data.set(a.data.subarray(y * a.width * 4, (y + 1) * a.width * 4), y * width * 4);
    data.set(b.data.subarray(y * b.width * 4, (y + 1) * b.width * 4), (y * width + a.width) * 4);
  }
  return { width, height, data };
}

describe("elegant align and swap --paste-back", () => {
  let folder: string;
  let pair: RgbaImage;
  const path = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    await loadPainter();
    const photos = [0, 8].map((i) => renderPhoto(sampleFace(1, i)));
    pair = beside(photos[0], photos[1]);
    await writeFile(path("pair of two.png"), await encodePng(pair));
    await writeFile(path("one.png"), await encodePng(photos[0]));
    await writeFile(path("other.png"), await encodePng(photos[1]));
    await writeFile(path("face.png"), await encodePng(goldenPhoto("face", 1, 64, 64)));
    await writeFile(path("nobody.png"), await encodePng(goldenPhoto("nobody", 1, 200, 300)));
    await writeFile(path("text.jpg"), "no picture");
    await writeFile(path("model.safetensors"), tinyGenerator(9));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Words that start with @ name files in the test's folder. */
  const at = (word: string): string => (word.startsWith("@") ? path(word.slice(1)) : word);
  function elegant(...words: readonly string[]): Promise<Ended> {
    const args = words.map(at);
    return runHere([...args, "--workers", "1"]);
  }

  async function decode(name: string): Promise<RgbaImage> {
    return decodeImage(await readFile(path(name)), name);
  }

  it("writes crops, transforms and landmarks, and reports what failed", async () => {
    const photos = ["@pair of two.png", "@nobody.png", "@text.jpg", "@missing.png", "@pair of two.png"];
    const options = [
      "--all",
      "--min-score",
      "0.3",
      "--format",
      "png",
      "--size",
      "128",
      "--json",
      "--out",
      "@new/crops",
    ];
    const { code, stdout, stderr } = await elegant("align", ...photos, ...options);
    assert.equal(code, 3, stderr);
    const { done, failed, faces, failures } = JSON.parse(stdout) as Answer;
    assert.deepEqual([done, failed], [2, 3]);
    assert.deepEqual(
      failures.map(({ file }) => file),
      ["nobody.png", "text.jpg", "missing.png"].map(path),
    );
    for (const [i, words] of [/expected a face, received none/, /expected JPEG, PNG/, /ENOENT/].entries()) {
      assert.match(failures[i].reason, words);
      assert.match(stderr, words);
    }
    const names = ["pair_of_two-2.png", "pair_of_two.png"];
    const all = [...names, "list_landmarks_celeba.txt", "transforms.json"].sort();
    assert.deepEqual((await readdir(path("new/crops"))).sort(), all);
    assert.deepEqual(JSON.parse(await readFile(path("new/crops/transforms.json"), "utf8")).faces, faces);
    for (const { crop, photo, photoSize, size } of faces) {
      assert.deepEqual([photo, photoSize, size], [path("pair of two.png"), [pair.width, pair.height], 128]);
      const { width, height } = await decode(`new/crops/${crop}`);
      assert.deepEqual([width, height], [128, 128]);
    }
    const list = await readLandmarks(path("new/crops/list_landmarks_celeba.txt"));
    assert.deepEqual([...list.files].sort(), names);
    // An aligned face: its points are about where the mean face has them.
    const mean = MEAN_FACE.flatMap(([x, y]) => [x / 2, y / 2]);
    for (const row of [0, 1]) assertClose(landmarksAt(list, row).flat(), mean, { abs: 12, rel: 0 });
  });

  it("puts edits of several faces back into their photo, and leaves the rest of it to the bit", async () => {
    const crops = ["@new/crops/pair_of_two.png", "@new/crops/pair_of_two-2.png"];
    const edit = ["--attribute", "Bangs", "--reference", "@face.png", "--paste-back"];
    const end = ["--json", "--device", "wasm", "--out", "@edited"];
    const { code, stdout, stderr } = await elegant(
      "swap",
      "--model",
      "@model.safetensors",
      "--input",
      ...crops,
      ...edit,
      ...end,
    );
    assert.equal(code, 0, stderr);
    const { outputs, failures } = JSON.parse(stdout) as { outputs: string[]; failures: unknown[] };
    assert.deepEqual([outputs, failures], [["edited/pair of two-Bangs.png", "edited/sheet.png"].map(path), []]);
    const edited = await decode("edited/pair of two-Bangs.png");
    assert.deepEqual([edited.width, edited.height], [pair.width, pair.height]);
    const { faces } = JSON.parse(await readFile(path("new/crops/transforms.json"), "utf8")) as Answer;
    const changed = faces.map(() => 0);
    for (let i = 0; i < pair.width * pair.height; i++) {
      const [x, y] = [i % pair.width, Math.floor(i / pair.width)];
      const within = faces.findIndex(({ matrix, size }) => maskAt(...transformPoint(matrix, x, y), size) > 0);
      const same = [0, 1, 2].every((c) => edited.data[i * 4 + c] === pair.data[i * 4 + c]);
      if (within < 0) assert.ok(same, `pixel ${x}, ${y} is in no face`);
      else if (!same) changed[within]++;
    }
    for (const count of changed) assert.ok(count > 1000, `${changed} pixels changed`);
  });

  it("finds the face of a photo itself, skips photos that have none, and takes photos as references", async () => {
    const inputs = ["@one.png", "@nobody.png"];
    const edit = ["--attribute", "Bangs", "--reference", "@other.png", "--paste-back", "--min-score", "0.3"];
    const end = ["--json", "--device", "wasm", "--out", "@found"];
    const { code, stdout, stderr } = await elegant(
      "swap",
      "--model",
      "@model.safetensors",
      "--input",
      ...inputs,
      ...edit,
      ...end,
    );
    assert.equal(code, 3, stderr);
    const { outputs, failures } = JSON.parse(stdout) as { outputs: string[]; failures: Answer["failures"] };
    assert.deepEqual(outputs, ["found/one-Bangs.png", "found/sheet.png"].map(path));
    assert.equal(failures[0].file, path("nobody.png"));
    const [before, after] = [await decode("one.png"), await decode("found/one-Bangs.png")];
    assert.deepEqual([after.width, after.height], [before.width, before.height]);
    assert.ok(
      after.data.some((level, i) => level !== before.data[i]),
      "the face is edited",
    );
  });

  const swap = ["swap", "--model", "@model.safetensors", "--attribute", "Bangs", "--paste-back"];
  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      "photos without a face",
      ["align", "@nobody.png", "--out", "@never"],
      /nobody\.png: expected a face, received none/,
    ],
    ["several without one", ["align", "@missing.png", "@text.jpg", "--out", "@never"], /No face was aligned/],
    ["a folder with files", ["align", "@one.png", "--out", "@"], /--out: expected a new or empty folder, received/],
    [
      "a file for a folder",
      ["align", "@one.png", "--out", "@one.png"],
      /^elegant: --out .*one\.png: expected a new or empty folder, received a file\. Choose another --out\.\n$/,
    ],
    ["no photo", ["align", "--out", "@never"], /^elegant: PHOTO: expected a value, received none\./],
    ["a folder without photos", ["align", "@holder", "--out", "@never"], /holder: expected images .*received/],
    ["a score beyond 1", ["align", "@one.png", "--out", "@never", "--min-score", "2"], /a number from 0 to 1/],
    [
      "an input without a face",
      [...swap, "--input", "@nobody.png", "--reference", "@new/crops/pair_of_two.png", "--out", "@never"],
      /nobody\.png: expected a face/,
    ],
    [
      "a photo that changed since",
      [...swap, "--input", "@moved/a.png", "--reference", "@new/crops/pair_of_two.png", "--out", "@never"],
      /one\.png: expected 10 x 10 as aligned, received .* align it again/,
    ],
  ];
  for (const [what, words, message] of wrong) {
    it(`answers ${what} with exit code 2 and writes nothing`, async () => {
      await mkdir(path("moved"), { recursive: true });
      await mkdir(path("holder"), { recursive: true });
      await writeFile(path("moved/a.png"), await encodePng(goldenPhoto("a", 1, 64, 64)));
      const { faces } = JSON.parse(await readFile(path("new/crops/transforms.json"), "utf8")) as Answer;
      const moved = { ...faces[0], crop: "a.png", photo: path("one.png"), photoSize: [10, 10] };
      await writeFile(path("moved/transforms.json"), JSON.stringify({ format: "elegant-align-1", faces: [moved] }));
      const held = (await readdir(folder)).sort();
      const { code, stderr } = await elegant(...words);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.ok(!existsSync(path("never")));
      assert.deepEqual((await readdir(folder)).sort(), held);
    });
  }

  it("saves on SIGTERM, and continues after any end with the bytes of a run that was not stopped", async () => {
    await mkdir(path("album/below"), { recursive: true });
    const one = await readFile(path("one.png"));
    for (const name of ["a.png", "b.png", "below/c.png"]) await writeFile(path(join("album", name)), one);
    const line = (out: string, ...more: string[]): string[] => {
      return ["align", "@album", "--out", out, "--min-score", "0.3", "--size", "64", "--workers", "1", ...more];
    };
    const whole = await elegant(...line("@whole", "--json"));
    assert.equal(whole.code, 0, whole.stderr);
    assert.deepEqual(
      (JSON.parse(whole.stdout) as Answer).faces.map(({ photo }) => photo),
      ["album/a.png", "album/b.png", "album/below/c.png"].map(path),
    );
    const record = path("stopped/unfinished.jsonl");
    /** Stops the command when `photos` are done. */
    const stop = async (photos: number, signal: NodeJS.Signals): Promise<Ended & { signal: string | null }> => {
      const child = spawn(process.execPath, [fromRoot("bin/elegant.js"), ...line(path("stopped")).map(at)], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.on("data", (bytes) => {
        stderr += String(bytes);
      });
      const closed = once(child, "close") as Promise<[number | null, string | null]>;
      for (let i = 0; i < 4000; i++) {
        const lines = await readFile(record, "utf8").catch(() => "");
        if (lines.split("\n").length > photos + 1 || child.exitCode !== null) break;
        await sleep(10);
      }
      child.kill(signal);
      const [code, by] = await closed;
      return { code, signal: by, stdout: "", stderr };
    };
    const first = await stop(1, "SIGTERM");
    assert.equal(first.code, 130, first.stderr);
    assert.match(
      first.stderr,
      /^elegant: Interrupted: [12] faces are in .*stopped, with their transforms\. Run the same command again to continue\.\n$/m,
    );
    const saved = JSON.parse(await readFile(path("stopped/transforms.json"), "utf8")) as Answer;
    assert.equal(saved.faces[0].photo, path("album/a.png"));
    const other = await elegant(...line("@stopped", "--quality", "50"));
    assert.equal(other.code, 2);
    assert.match(
      other.stderr,
      /stopped: --quality: expected 95, as in the run that was interrupted, received 50\. Use the same options/,
    );
    const second = await stop(2, "SIGKILL");
    assert.ok(second.signal === "SIGKILL" || second.code === 0, second.stderr);
    const record2 = await readFile(record, "utf8").catch(() => null);
    if (record2 !== null) await writeFile(record, `${record2}{"photo":"cut`); // a crash leaves such a line
    if (second.code !== 0) {
      const last = await elegant(...line("@stopped"));
      assert.equal(last.code, 0, last.stderr);
      assert.match(last.stdout, /3 faces written to .*stopped \([23] already existed\)/);
    }
    assert.deepEqual(await treeOf(path("stopped")), await treeOf(path("whole")));
  });

  it("does a machine's part of the photos into a folder of its own", async () => {
    const none = await elegant("align", "@one.png", "--out", "@parts", "--part", "1/2");
    assert.equal(none.code, 0, none.stderr);
    assert.match(none.stdout, /part 1\/2, from --part\nno photo is left/);
    const first = await elegant("align", "@one.png", "--out", "@parts", "--part", "0/2", "--size", "64");
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(await readdir(path("parts")), ["part-0-of-2"]);
    assert.ok((await readdir(path("parts/part-0-of-2"))).includes("transforms.json"));
  });
});
