/**
 * Node without SharedArrayBuffer, like browsers without cross-origin isolation, runs on one thread and gives
 * bit-identical results.
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { encodePng } from "../../src/image/codec.js";
import { encodeNpy } from "../../src/interop/npy.js";
import { Random } from "../../src/random.js";
import { writeFaces } from "../support/faces.js";
import { goldenPhoto, writeSmallDataset } from "../support/pictures.js";
import { sharedPath } from "../support/shared.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";

const WITHOUT = `--import=${pathToFileURL(fromRoot("dist/test/support/no-shared-memory.js")).href}`;
const SAID = /one thread: this engine has no SharedArrayBuffer/g;

describe("without SharedArrayBuffer", () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  function run(args: readonly string[], flags: readonly string[]): Promise<Ended> {
    return runNode(fromRoot("bin/elegant.js"), args, false, flags);
  }

  /**
   * Runs a command with --json, once without SharedArrayBuffer on as many workers as cores, and once with it on one
   * worker. Checks that the first run reported this once. OUT in a word stands for the run's own folder.
   * @returns the JSON of both, and the files that each wrote, by name
   */
  async function runBoth(...args: string[]): Promise<{ plain: Run; shared: Run }> {
    const runs: Run[] = [];
    for (const [name, flags, more] of [
      ["plain", [WITHOUT], []],
      ["shared", [], ["--workers", "1"]],
    ] as const) {
      await rm(at(name), { recursive: true, force: true });
      await mkdir(at(name));
      const words = args.map((word) => word.replace("OUT", at(name)));
      const { code, stdout, stderr } = await run([...words, ...more, "--json"], flags);
      assert.equal(code, 0, stderr);
      assert.equal(stderr.match(SAID)?.length ?? 0, name === "plain" ? 1 : 0, stderr);
      const files = await readdir(at(name), { recursive: true, withFileTypes: true });
      const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
      const written = new Map<string, Buffer>();
      for (const path of paths.sort()) written.set(path.slice(at(name).length + 1), await readFile(path));
      runs.push({ json: JSON.parse(stdout), written });
    }
    return { plain: runs[0], shared: runs[1] };
  }

  interface Run {
    readonly json: Record<string, unknown>;
    readonly written: ReadonlyMap<string, Buffer>;
  }

  /** Checks that files with an ending exist and have the same bytes. */
  function assertSameFiles({ plain, shared }: { plain: Run; shared: Run }, ending: string, count: number): void {
    const names = [...shared.written.keys()].filter((name) => name.endsWith(ending));
    assert.equal(names.length, count, [...shared.written.keys()].join());
    assert.deepEqual(
      [...plain.written.keys()].filter((name) => name.endsWith(ending)),
      names,
    );
    for (const name of names) {
      assert.ok(shared.written.get(name)?.equals(plain.written.get(name) as Buffer), `${name} differs`);
    }
  }

  it("doctor says so, and finds nothing missing", async () => {
    const { stdout } = await run(["doctor"], [WITHOUT]);
    assert.match(stdout, /^-- {2}Threads +one thread: this engine has no SharedArrayBuffer/m);
    const report = JSON.parse((await run(["doctor", "--json"], [WITHOUT])).stdout);
    assert.deepEqual([report.ok, report.threads, report.problems], [true, false, []]);
  });

  it("swap writes the same pictures", async () => {
    for (const name of ["a", "b", "r"])
      await writeFile(at(`${name}.png`), await encodePng(goldenPhoto(name, 2, 64, 64)));
    const model = ["--model", fromRoot("assets/painted-64.safetensors"), "--device", "wasm"];
    const faces = ["--input", at("a.png"), at("b.png"), "--attribute", "Eyeglasses", "--reference", at("r.png")];
    assertSameFiles(await runBoth("swap", ...model, ...faces, "--out", "OUT/swapped"), ".png", 3);
  });

  it("verify finds the same errors", async function () {
    const path = sharedPath("golden/elegant-s1-64px-b2-n3.json");
    if (path === null) this.skip();
    const { plain, shared } = await runBoth("verify", path, "--device", "wasm");
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
      const both = await runBoth("fid", at("a.npy"), ...words);
      const [plain, shared] = [both.plain, both.shared].map(({ json: { seconds, ...scores } }) => scores);
      assert.deepEqual(plain, shared);
      assert.ok((plain.fid as number) > 0);
      assertSameFiles(both, ".npz", words.includes("--kid") ? 1 : 0);
    }
  });

  it("training takes the same steps", async () => {
    await writeFaces(at("faces"), 12);
    const small = "--attributes Bangs Smiling --size 64 --width 4 --batch 2 --steps 2 --device wasm".split(" ");
    const both = await runBoth("train", at("faces"), ...small, "--out", "OUT/run");
    assertSameFiles(both, ".safetensors", 3);
    assertSameFiles(both, ".png", 1);
  });

  it("preprocess and synth write the same pictures", async () => {
    await writeSmallDataset(at("photos"), 6);
    assertSameFiles(await runBoth("preprocess", at("photos"), "OUT/faces", "--size", "64"), ".jpg", 6);
    assertSameFiles(await runBoth("synth", "OUT/painted", "--count", "2"), ".jpg", 2);
  });

  it("takes what memory the engine gives, and says what to do when that is full", async () => {
    const d = 4096; // a covariance takes 128 MiB
    await writeFile(at("wide.npy"), encodeNpy({ shape: [2, d], data: new Float32Array(2 * d) }));
    const fid = ["fid", at("wide.npy"), "--save-stats", at("wide.npz")];
    const limited = (pages: number): Promise<Ended> => run(fid, [WITHOUT, `--wasm-max-mem-pages=${pages}`]);
    const full = await limited(1024);
    assert.equal(full.code, 4, full.stderr);
    assert.match(
      full.stderr,
      /^elegant: memory: expected room for \d+ MiB more in addition to \d+ MiB in use, received none\./m,
    );
    const none = await limited(512);
    assert.equal(none.code, 4, none.stderr);
    assert.ok(!(await readdir(folder)).includes("wide.npz"));
    assert.equal((await limited(16384)).code, 0);
    assert.match(none.stderr, /^elegant: memory: expected 64 MiB of address space, received none\./m);
  });
});
