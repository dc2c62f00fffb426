/** The programs of examples/, run as their first lines say, on painted photos; and the HTTP service under more load than it can take. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeImage } from "../src/image/codec.js";
import { preprocess } from "../src/preprocess/preprocess.js";
import { writeSynth } from "../src/synth/write.js";
import type { RgbaImage } from "../src/types.js";
import { withFolder } from "./support/folder.js";
import { type Ended, fromRoot, runNode } from "./support/spawn.js";
import { hasNumpy, runPython } from "./support/torch.js";

const PHOTOS = 40;

/** The demo's first photos, in `photos`, and their aligned faces of 64 px, in `faces`. Made once, and never changed. */
let fixture: string;

before(async () => {
  fixture = await mkdtemp(join(tmpdir(), "elegant-test-"));
  const photos = join(fixture, "photos");
  await writeSynth({ directory: photos, count: PHOTOS, seed: 1, workers: 2 });
  const format = { size: 64, format: "png", quality: 95, images: undefined, crop: null, limit: null } as const;
  await preprocess(photos, join(fixture, "faces"), { ...format, workers: 2 });
});
after(() => rm(fixture, { recursive: true, force: true }));

/** Runs `body` in a folder of its own, with links to the photos and the faces. */
function withPhotos(body: (folder: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    for (const name of ["photos", "faces"]) await symlink(join(fixture, name), join(folder, name));
    await body(folder);
  });
}

/** Runs a program of examples/ in `folder`. */
const runExample = (folder: string, name: string, ...args: readonly string[]): Promise<Ended> =>
  runNode(fromRoot(`examples/${name}`), args, false, [], folder);

const photo = (index: number): string => `photos/images/${String(index).padStart(6, "0")}.jpg`;
const face = (index: number): string => `faces/images/${String(index).padStart(6, "0")}.png`;

async function readImage(path: string): Promise<RgbaImage> {
  return decodeImage(await readFile(path), path);
}

describe("the examples", () => {
  it("are all run by this file, and listed in their README", async () => {
    const here = await readFile(fromRoot("test/examples.long.test.ts"), "utf8");
    const list = await readFile(fromRoot("examples/README.md"), "utf8");
    const names = (await readdir(fromRoot("examples"))).filter((name) => !/^(README\.md|tsconfig\.json)$/.test(name));
    assert.equal(names.length, 6);
    for (const name of names) {
      assert.ok(here.includes(name), `${name} in this file`);
      assert.ok(list.includes(name), `${name} in examples/README.md`);
    }
  });

  for (const name of [
    "edit-photo.js",
    "sweep-apng.js",
    "prepare-folder.js",
    "fid-in-training.js",
    "http-service/server.js",
  ]) {
    it(`${name} says how it is used, with exit code 2`, () =>
      withFolder(async (folder) => {
        const { code, stderr } = await runExample(folder, name);
        assert.equal(code, 2);
        assert.match(stderr, new RegExp(`^usage: node examples/${name.replace(".", "\\.")} [A-Z]`));
        assert.deepEqual(await readdir(folder), []);
      }));
  }

  it("edit a photo, at the face only", () =>
    withPhotos(async (folder) => {
      const args = [photo(12), photo(5), "Eyeglasses", "edited.png"];
      const { code, stderr } = await runExample(folder, "edit-photo.js", ...args, "painted");
      assert.equal(code, 0, stderr);
      const [before, after] = await Promise.all([
        readImage(join(folder, photo(12))),
        readImage(join(folder, "edited.png")),
      ]);
      assert.deepEqual([after.width, after.height], [before.width, before.height]);
      let [changed, corner] = [0, 0];
      for (let i = 0; i < before.data.length; i++) {
        if (before.data[i] === after.data[i]) continue;
        changed++;
        if (i < before.width * 4 * 8) corner++; // the first eight rows
      }
      assert.ok(changed > before.data.length / 100, `${changed} of ${before.data.length} values`);
      assert.equal(corner, 0);

      const none = await runExample(folder, "edit-photo.js", photo(12), photo(5), "Eyeglasess", "none.png", "painted");
      assert.equal(none.code, 2);
      assert.match(none.stderr, /Did you mean Eyeglasses\?/);
    }));

  it("sweep an attribute in an animated PNG file whose first frame is the input", () =>
    withPhotos(async (folder) => {
      const { code, stdout, stderr } = await runExample(
        folder,
        "sweep-apng.js",
        face(12),
        face(5),
        "Eyeglasses",
        "sweep.png",
      );
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "sweep.png: 24 frames\n");
      const file = await readFile(join(folder, "sweep.png"));
      const count = (type: string): number => file.toString("latin1").split(type).length - 1;
      assert.deepEqual([count("acTL"), count("fcTL")], [1, 24]);
      assert.ok(count("fdAT") >= 23);
      // A decoder that does not know animations shows the first frame.
      const [sweep, input] = await Promise.all([
        readImage(join(folder, "sweep.png")),
        readImage(join(folder, face(12))),
      ]);
      assert.deepEqual([sweep.width, sweep.height], [256, 256]);
      for (const [x, y] of [
        [0, 0],
        [31, 20],
        [63, 63],
      ]) {
        const at = (y * 64 + x) * 4;
        const enlarged = (y * 4 * 256 + x * 4) * 4;
        const near = (c: number): boolean => Math.abs(sweep.data[enlarged + c] - input.data[at + c]) <= 1;
        assert.ok([0, 1, 2].every(near), `pixel ${x},${y}`);
      }
    }));

  it("prepare a folder of photos, and continue", () =>
    withPhotos(async (folder) => {
      await cp(join(fixture, "photos/images"), join(folder, "mine"), { recursive: true });
      await copyFile(join(folder, "photos/synth.json"), join(folder, "mine/damaged.jpg"));
      const first = await runExample(folder, "prepare-folder.js", "mine", "own");
      assert.equal(first.code, 0, first.stderr);
      assert.match(first.stdout, new RegExp(`^${PHOTOS} faces, .* 0 from before\nleft out: damaged.jpg: `));
      assert.equal((await readdir(join(folder, "own/images"))).length, PHOTOS);
      const second = await runExample(folder, "prepare-folder.js", "mine", "own");
      assert.match(second.stdout, new RegExp(`^0 faces, .* ${PHOTOS} from before\n`));
    }));

  it("measure the FID in a training, the same in each run", () =>
    withPhotos(async (folder) => {
      const run = async (name: string): Promise<string> => {
        const { code, stdout, stderr } = await runExample(
          folder,
          "fid-in-training.js",
          "faces",
          "Eyeglasses",
          name,
          "2",
        );
        assert.equal(code, 0, stderr);
        return stdout;
      };
      const printed = await run("first");
      assert.match(printed, /^random-inception.*not comparable.*\nstep 20: FID 0\.\d+\nstep 40: FID 0\.\d+\n$/);
      assert.equal(await run("second"), printed);
    }));

  it("read packed faces with NumPy", function () {
    return withPhotos(async (folder) => {
      if (!hasNumpy()) this.skip();
      const format = { size: 64, format: "raw", quality: 95, images: undefined, crop: null, limit: null } as const;
      await preprocess(join(folder, "photos"), join(folder, "raw"), { ...format, workers: 2 });
      const stdout = runPython("../../examples/read_shards.py", [join(folder, "raw")]);
      assert.match(stdout, new RegExp(`^00000\\.npy \\(${PHOTOS}, 64, 64, 3\\) uint8 mean \\[`));
    });
  });
});

describe("the HTTP service of the examples", () => {
  /** Starts the service with four references and passes its address on. Stops it with SIGTERM. */
  function withService(
    body: (url: string, folder: string, stop: () => Promise<number | null>) => Promise<void>,
  ): Promise<void> {
    return withPhotos(async (folder) => {
      await mkdir(join(folder, "references"));
      for (const i of [1, 2, 5]) await copyFile(join(folder, photo(i)), join(folder, `references/friend-${i}.jpg`));
      const server = spawn(
        process.execPath,
        [fromRoot("examples/http-service/server.js"), "references", "painted", "0"],
        {
          cwd: folder,
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      const ended = once(server, "exit");
      try {
        const [line] = await once(server.stdout.setEncoding("utf8"), "data");
        const url = /^http:\/\/127\.0\.0\.1:\d+/.exec(String(line));
        assert.match(String(line), /references: friend-1, friend-2, friend-5\n$/);
        assert.ok(url !== null);
        await body(url[0], folder, async () => {
          server.kill("SIGTERM");
          return (await ended)[0] as number | null;
        });
      } finally {
        server.kill("SIGKILL");
        await ended;
      }
    });
  }

  const post = (url: string, query: string, body: Uint8Array): Promise<Response> =>
    fetch(`${url}/edit?${query}`, { method: "POST", body: new Uint8Array(body) });
  const GOOD = "attribute=Eyeglasses&reference=friend-5";

  it("edits as the example for one photo does, to the byte", () =>
    withService(async (url, folder) => {
      const response = await post(url, GOOD, await readFile(join(folder, photo(12))));
      assert.deepEqual([response.status, response.headers.get("content-type")], [200, "image/png"]);
      const served = new Uint8Array(await response.arrayBuffer());
      const args = [photo(12), photo(5), "Eyeglasses", "edited.png", "painted"];
      const { code, stderr } = await runExample(folder, "edit-photo.js", ...args);
      assert.equal(code, 0, stderr);
      assert.deepEqual(served, new Uint8Array(await readFile(join(folder, "edited.png"))));
    }));

  it("refuses requests that it cannot serve, each with a sentence, and goes on", () =>
    withService(async (url, folder) => {
      const bytes = await readFile(join(folder, photo(12)));
      const refused: readonly (readonly [string, Uint8Array, number, RegExp])[] = [
        ["attribute=Hat&reference=friend-5", bytes, 400, /attribute: expected one of Eyeglasses, Bangs/],
        ["attribute=Eyeglasses", bytes, 400, /reference: expected one of friend-1, friend-2, friend-5/],
        [GOOD, new Uint8Array(), 400, /expected a photo as the body/],
        [GOOD, new TextEncoder().encode("hello"), 422, /received plain text/],
        [GOOD, bytes.subarray(0, 4000), 422, /photo/],
        [GOOD, new Uint8Array(11 * 2 ** 20), 413, /expected at most 10485760 bytes/],
      ];
      for (const [query, body, status, message] of refused) {
        // A service that refuses a large body may close the connection while the client still sends.
        const response = await post(url, query, body).catch((error: unknown) => error as Error);
        if (response instanceof Error) assert.equal(status, 413, String(response.cause));
        else {
          assert.equal(response.status, status);
          assert.match(((await response.json()) as { error: string }).error, message);
        }
      }
      assert.equal((await fetch(`${url}/nothing`)).status, 404);
      assert.equal((await post(url, GOOD, bytes)).status, 200);
      const health = (await (await fetch(`${url}/health`)).json()) as { edited: number; failed: number };
      assert.deepEqual([health.edited, health.failed], [1, 0]);
    }));

  it("answers every request under more load than it can take: an edit, or 503 with Retry-After", () =>
    withService(async (url, folder) => {
      const bytes = await readFile(join(folder, photo(12)));
      const answers = await Promise.all(
        Array.from({ length: 60 }, async () => {
          const response = await post(url, GOOD, bytes);
          const { byteLength } = await response.arrayBuffer();
          return { status: response.status, retry: response.headers.get("retry-after"), byteLength };
        }),
      );
      const edited = answers.filter(({ status }) => status === 200);
      const busy = answers.filter(({ status }) => status === 503);
      assert.equal(edited.length + busy.length, 60);
      assert.ok(edited.length >= 16, `${edited.length} edited`);
      assert.ok(busy.length > 0 && busy.every(({ retry }) => retry === "2"));
      assert.equal(new Set(edited.map(({ byteLength }) => byteLength)).size, 1);
      assert.equal((await post(url, GOOD, bytes)).status, 200);
    }));

  it("finishes accepted requests after SIGTERM, accepts no others, and drops those of clients that have gone", () =>
    withService(async (url, folder, stop) => {
      const bytes = await readFile(join(folder, photo(12)));
      const gone = new AbortController();
      const left = fetch(`${url}/edit?${GOOD}`, { method: "POST", body: new Uint8Array(bytes), signal: gone.signal });
      const accepted = Array.from({ length: 5 }, () => post(url, GOOD, bytes));
      for (;;) {
        const { waiting } = (await (await fetch(`${url}/health`)).json()) as { waiting: number };
        if (waiting > 0) break;
        await sleep(5);
      }
      gone.abort();
      await assert.rejects(left);
      const ended = stop();
      const statuses = (await Promise.all(accepted)).map(({ status }) => status);
      assert.deepEqual(statuses, [200, 200, 200, 200, 200]);
      assert.equal(await ended, 0);
      await assert.rejects(post(url, GOOD, bytes));
      assert.ok((await stat(folder)).isDirectory());
    }));
});
