/** `elegant web`: the address that it prints, how it ends, the folder that it writes, and what it refuses. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { InterruptedError } from "../../src/errors.js";
import { copyPage, PAGE_FOLDER } from "../../src/web/page-files.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";

const FIXTURE = fromRoot("dist/test/support/web-fixture.js");
const PAGE = "<!doctype html><title>Editor</title>";

describe("elegant web", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    await writeFile(join(folder, "index.html"), PAGE);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Serves the page until `body`, which gets the first address in the output, has returned. Then sends the signal. */
  async function serve(
    args: readonly string[],
    signal: NodeJS.Signals,
    body: (url: string) => Promise<void>,
  ): Promise<Ended> {
    const child: ChildProcess = spawn(process.execPath, [FIXTURE, folder, "web", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = once(child, "close");
    let [stdout, stderr] = ["", ""];
    const url = new Promise<string>((resolve, reject) => {
      const look = (): void => {
        const [found] = /http:\S+\/(?=["\n])/.exec(stdout) ?? [];
        if (found !== undefined) resolve(found);
      };
      child.stdout?.on("data", (chunk: Buffer) => {
        stdout += chunk.toString();
        look();
      });
      child.stderr?.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      child.once("close", () => reject(new Error(`no address in: ${stdout}${stderr}`)));
    });
    try {
      await body(await url);
    } finally {
      child.kill(signal);
    }
    const [code] = (await closed) as [number | null];
    return { code, stdout, stderr };
  }

  async function assertPage(url: string): Promise<void> {
    const response = await fetch(url);
    assert.deepEqual([response.status, await response.text()], [200, PAGE]);
  }

  it("prints its address, serves the page, and ends with 0 on Ctrl-C, also with open connections", async () => {
    const { code, stdout, stderr } = await serve(["--port", "0"], "SIGINT", assertPage);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^The editor runs on this computer.*Ctrl-C stops it\.\nOpen http:\/\/127\.0\.0\.1:\d+\/\n$/);
  });

  it("prints one JSON object with --json, and ends with 0 on SIGTERM", async () => {
    let address = "";
    const { code, stdout, stderr } = await serve(["--port", "0", "--json"], "SIGTERM", async (url) => {
      address = url;
      await assertPage(url);
    });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { url: address });
    assert.match(stderr, new RegExp(`\nOpen ${address}\n$`));
  });

  it("refuses a port that is in use with exit code 2, and names it", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    assert.ok(address !== null && typeof address === "object");
    const { code, stdout, stderr } = await runNode(FIXTURE, [folder, "web", "--port", String(address.port)]);
    taken.close();
    assert.deepEqual([code, stdout], [2, ""]);
    const message = `--port ${address.port}: expected a free port, received one that is in use. Choose another --port, or 0 for any free one.`;
    assert.equal(stderr, `elegant: ${message}\n`);
  });

  describe("--out", () => {
    const bin = fromRoot("bin/elegant.js");
    const listed = async (at: string): Promise<string[]> => {
      const entries = await readdir(at, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return files.map((path) => relative(at, path)).sort();
    };

    it("writes the whole page into a new or an empty folder, without serving it", async () => {
      await mkdir(join(folder, "empty"));
      for (const name of ["new/page", "empty"]) {
        const out = join(folder, name);
        const { code, stdout, stderr } = await runNode(bin, ["web", "--out", out, "--json"]);
        assert.equal(code, 0, stderr);
        const files = await listed(out);
        assert.deepEqual(JSON.parse(stdout), { out, files });
        for (const file of ["index.html", "page.js", "engine.js", "helper.js", "style.css", "examples/examples.json"]) {
          assert.ok(files.includes(file), file);
        }
        const model = await readFile(fromRoot("assets/painted-64.safetensors"));
        assert.ok((await readFile(join(out, "models/painted-64.safetensors"))).equals(model));
        const module = await readFile(fromRoot("dist/wasm/nn.wasm"));
        assert.ok((await readFile(join(out, "files/nn.wasm"))).equals(module));
        assert.ok(files.includes("files/tiny_face_detector_model.bin"));
      }
    });

    it("refuses a folder with files, a file, and a port next to it, and changes nothing", async () => {
      const full = join(folder, "full");
      await mkdir(full);
      await writeFile(join(full, "notes.txt"), "mine");
      const refused = await runNode(bin, ["web", "--out", full]);
      assert.deepEqual([refused.code, refused.stdout], [2, ""]);
      assert.equal(
        refused.stderr,
        `elegant: --out ${full}: expected a new or empty folder, received one with files. Choose another --out.\n`,
      );
      assert.deepEqual(await listed(full), ["notes.txt"]);
      const file = await runNode(bin, ["web", "--out", join(full, "notes.txt")]);
      assert.equal(file.code, 2);
      assert.match(file.stderr, /expected a new or empty folder, received a file\. Choose another --out\.\n$/);
      const both = await runNode(bin, ["web", "--out", join(folder, "both"), "--port", "0"]);
      assert.equal(both.code, 2);
      assert.match(both.stderr, /^elegant: --port: expected without --out, received both\./);
      assert.equal(existsSync(join(folder, "both")), false);
    });

    it("leaves nothing behind when a file of the page cannot be read", async () => {
      const broken = join(folder, "broken");
      await mkdir(broken);
      await writeFile(join(broken, "index.html"), PAGE);
      await mkdir(join(broken, "models/painted-64.safetensors/x"), { recursive: true });
      await writeFile(join(broken, "models/painted-64.safetensors/x/y"), "");
      for (const [name, left] of [
        ["into-new/deep", null],
        ["into-empty", []],
      ] as const) {
        const out = join(folder, name);
        if (left !== null) await mkdir(out);
        const { code, stdout } = await runNode(FIXTURE, [broken, "web", "--out", out]);
        assert.deepEqual([code, stdout], [2, ""]);
        assert.deepEqual(existsSync(out) ? await readdir(out) : null, left);
      }
      assert.equal(existsSync(join(folder, "into-new")), false);
    });

    it("leaves nothing behind when it is interrupted", async () => {
      const signal = AbortSignal.abort(new InterruptedError("Interrupted: nothing was written."));
      await assert.rejects(copyPage(PAGE_FOLDER, join(folder, "interrupted"), signal), InterruptedError);
      assert.equal(existsSync(join(folder, "interrupted")), false);
    });

    it("removes what a killed copy has left", async () => {
      const out = join(folder, "killed");
      await mkdir(join(out, ".page.1234567-0.tmp/models"), { recursive: true });
      await mkdir(join(folder, "full-page"));
      await writeFile(join(folder, "full-page/index.html"), PAGE);
      const done = await runNode(FIXTURE, [join(folder, "full-page"), "web", "--out", out]);
      assert.equal(done.code, 0, done.stderr);
      assert.deepEqual((await readdir(out)).sort(), ["files", "index.html", "models"]);
      assert.match(
        done.stdout,
        /^.*killed: the page, \d+ files\. Put the folder on any web server; docs\/browser\.md says how\.\n$/,
      );
    });
  });

  it("says what to do if the page is not built", async () => {
    const { code, stdout, stderr } = await runNode(FIXTURE, [join(folder, "nowhere"), "web", "--port", "0"]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(
      stderr,
      /^elegant: .*index\.html: expected the page, received nothing there\. Run 'npm run build' first\.\n$/,
    );
  });

  for (const [args, message] of [
    [["--port", "65536"], "--port: expected an integer from 0 to 65535, received '65536'."],
    [["--port", "-1"], "--port: expected an integer from 0 to 65535, received '-1'."],
    [["--port", "http"], "--port: expected an integer from 0 to 65535, received 'http'."],
    [["--port="], "--port: expected an integer from 0 to 65535, received ''."],
    [["--prot", "0"], "unknown option '--prot' (Did you mean --port?)"],
    [["photo.jpg"], "web: expected 0 arguments, received 1."],
  ] as const) {
    it(`refuses ${args.join(" ")} with exit code 2`, async () => {
      const { code, stdout, stderr } = await runNode(fromRoot("bin/elegant.js"), ["web", ...args]);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.ok(stderr.startsWith(`elegant: ${message}`), stderr);
      assert.equal(stderr.split("\n").length, 2, stderr);
    });
  }
});
