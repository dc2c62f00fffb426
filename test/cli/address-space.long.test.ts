/** Commands under `ulimit -v`, which leaves WebAssembly memories little address space. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeJpeg, encodePng } from "../../src/image/codec.js";
import { encodeNpy } from "../../src/interop/npy.js";
import { goldenPhoto } from "../support/pictures.js";
import { fromRoot } from "../support/spawn.js";

const KIBIBYTES = 4_000_000;
const SAID =
  /^elegant: memory: expected 64 MiB of address space, received none within a limit of 3\.8 GiB\. Raise it \(ulimit -v unlimited\), or set NODE_OPTIONS=--disable-wasm-trap-handler, .*\.\n$/;

describe("a limit of the address space", () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  before(async function () {
    if (process.platform !== "linux" || process.arch !== "x64") {
      console.log("        skipped: needs Linux on x64, where V8 reserves addresses around each memory");
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    for (const name of ["a", "b"]) {
      const data = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i * (name === "a" ? 1 : 2)));
      await writeFile(at(`${name}.npy`), encodeNpy({ shape: [20, 3], data }));
    }
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const run = (words: readonly string[], options: string, workers = "2", kibibytes = KIBIBYTES) => {
    const command = `ulimit -v ${kibibytes}; exec "$@"`;
    const args = ["-c", command, "bash", process.execPath, fromRoot("bin/elegant.js"), ...words, "--workers", workers];
    const ended = spawnSync("bash", args, { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: options } });
    return { code: ended.status, stdout: ended.stdout, stderr: ended.stderr };
  };

  it("ends a command with its name, and what to do, as a failure worth another try", () => {
    for (const words of [
      ["fid", at("a.npy"), at("b.npy")],
      ["synth", at("faces"), "--count", "2"],
    ]) {
      const { code, stdout, stderr } = run(words, "");
      // Newer engines need less address space for the memories of fid, and only threads find no room.
      if (words[0] === "fid" && Number(process.versions.v8.split(".")[0]) >= 13 && code === 0) {
        assert.match(stdout, /^FID [\d.]+, by the route/);
        continue;
      }
      assert.equal(code, 4, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, SAID, words.join(" "));
    }
  });

  it("is enough for the same scores with what the message says", () => {
    const { code, stdout, stderr } = run(
      ["fid", at("a.npy"), at("b.npy"), "--json"],
      "--disable-wasm-trap-handler",
      "1",
    );
    assert.equal(code, 0, stderr);
    const free = spawnSync(process.execPath, [fromRoot("bin/elegant.js"), "fid", at("a.npy"), at("b.npy"), "--json"], {
      encoding: "utf8",
    });
    assert.equal(JSON.parse(stdout).fid, JSON.parse(free.stdout).fid);
  });

  it("has room for a model's memory and for the decoders of pictures, whichever comes first", async () => {
    await writeFile(at("face.png"), await encodePng(goldenPhoto("face", 1, 64, 64)));
    await writeFile(at("other.jpg"), await encodeJpeg(goldenPhoto("other", 1, 64, 64), 95));
    const words = ["swap", "--model", "painted", "--input", at("face.png"), "--attribute", "Bangs"];
    // How much of the address space V8 itself takes differs between versions, so two limits are tried.
    for (const kibibytes of [3_300_000, KIBIBYTES]) {
      const more = ["--reference", at("other.jpg"), "--out", at(`swapped-${kibibytes}`), "--device", "wasm"];
      const { code, stderr } = run([...words, ...more], "--disable-wasm-trap-handler", "1", kibibytes);
      assert.equal(code, 0, `${kibibytes} KiB: ${stderr}`);
    }
  });
});
