/** The packed package, installed into a new folder: its command, its library example and its typings. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { promisify } from "node:util";
import { encodePng } from "../src/image/codec.js";
import { readPicture } from "../src/image/picture-files.js";
import { fencedBlocks } from "./support/documents.js";
import { installPacked } from "./support/installed.js";
import { goldenPhoto } from "./support/pictures.js";
import { type Ended, fromRoot, runNode } from "./support/spawn.js";

const run = promisify(execFile);

/** The compiler's messages about `source`; empty if there are none. */
async function compile(folder: string, source: string, options: object): Promise<string> {
  await writeFile(join(folder, "consumer.ts"), source);
  const compilerOptions = {
    ...{ target: "ES2022", module: "NodeNext", moduleResolution: "NodeNext", types: ["node"], noEmit: true },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
    ...options,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  const { stdout } = await runNode(fromRoot("node_modules/@typescript/native/bin/tsc"), ["-p", folder]);
  return stdout;
}

/** Uses the public types, including the members of tensors and faces. */
const CONSUMER = `
import * as elegant from "elegant-faces";
import type { Edit, Faces, Generator, ImageTensor, RgbaImage, TrainOptions } from "elegant-faces";
const device: elegant.Device = await elegant.openDevice("auto", 2);
const model: Generator = await elegant.openGenerator("painted");
const load = async (path: string): Promise<Faces> =>
  elegant.encodeFaces(model, await elegant.toTensor([await elegant.readPicture(path)], model.config.size));
const edits: Edit[] = [{ attribute: "Bangs", reference: await load("other.png") }];
const edited: ImageTensor = elegant.swapMany(model, await load("face.png"), edits);
const [n, size]: [number, number, number, number] = edited.shape;
const values: number = (await edited.data()).length + n + size;
const pictures: RgbaImage[] = await elegant.toPictures(edited);
const options: Pick<TrainOptions, "steps" | "workers"> = { steps: 1, workers: 1 };
elegant.disposeFaces(edits[0]!.reference);
model.dispose();
await device.close();
export { options, pictures, values };
`;

/** Uses the public types of the browser build. */
const PAGE_CONSUMER = `
import * as elegant from "elegant-faces";
elegant.setAssetFolder(new URL("files/", location.href));
const device: elegant.Device = await elegant.openDevice("wasm", 1);
const model: elegant.Generator = await elegant.openGenerator(new Uint8Array(8), "model.safetensors");
const finder: elegant.FaceFinder = await elegant.openFaceFinder();
const photo: elegant.RgbaImage = await elegant.decodeImage(new Uint8Array(8), "photo.jpg");
const faces: elegant.CroppedFace[] = await finder.find(photo, { minScore: 0.4 });
const input: elegant.Faces = elegant.encodeFaces(model, await elegant.toTensor([faces[0]!.crop], model.config.size));
const edited: elegant.ImageTensor = elegant.swapMany(model, input, [{ attribute: "Bangs", reference: input }]);
const [after] = await elegant.toPictures(edited);
const pasted = await elegant.pasteFace(photo, faces[0]!, after!, after!);
const bytes: Uint8Array = await elegant.encodePng(pasted, { Software: "mine" });
await device.close();
export { bytes };
`;

describe("the checkout", () => {
  it("compiles with TypeScript's native compiler, although TypeDoc needs an older one next to it", async () => {
    const { version } = JSON.parse(await readFile(fromRoot("node_modules/@typescript/native/package.json"), "utf8"));
    const { stdout } = await run("npx", ["--no-install", "tsc", "--version"], { cwd: fromRoot(".") });
    assert.equal(stdout, `Version ${version}\n`);
    assert.ok(Number.parseInt(version, 10) >= 7, version);
  });
});

describe("the installed package", () => {
  let folder: string;

  before(async () => {
    ({ folder } = await installPacked());
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const command = (...args: readonly string[]): Promise<Ended> =>
    runNode(join(folder, "node_modules/.bin/elegant-faces"), args, false, [], folder);

  it("runs as 'npx elegant-faces'", async () => {
    const { stdout } = await run("npx", ["--no-install", "elegant-faces", "--version"], { cwd: folder });
    assert.match(stdout, /^\d+\.\d+\.\d+/);
    const { code, stdout: found } = await command("doctor", "--json");
    assert.equal(code, 0);
    assert.deepEqual(
      (JSON.parse(found) as { kernels: { state: string }[] }).kernels.map(({ state }) => state),
      ["ok", "ok", "ok"],
    );
  });

  it("runs README.md's library example", async () => {
    for (const name of ["face.png", "other.png"]) {
      await writeFile(join(folder, name), await encodePng(goldenPhoto(name, 1, 64, 64)));
    }
    const [example] = await fencedBlocks("README.md", "js");
    await writeFile(join(folder, "example.js"), example);
    const { code, stderr } = await runNode(join(folder, "example.js"), [], false, [], folder);
    assert.equal(code, 0, stderr);
    const { width, height } = await readPicture(join(folder, "edited.png"));
    assert.deepEqual([width, height], [64, 64]);
  });

  it("opens the shipped model by its short name, and suggests it for one that is mistyped", async () => {
    const swap = "swap --input face.png --reference other.png --attribute Bangs".split(" ");
    const known = await command(...swap, "--model", "painted", "--out", "swapped");
    assert.equal(known.code, 0, known.stderr);
    const mistyped = await command(...swap, "--model", "paintet", "--out", "mistyped");
    assert.equal(mistyped.code, 2);
    assert.match(mistyped.stderr, /model: expected .*painted.*, received 'paintet', .*Did you mean 'painted'\?/);
  });

  it("compiles in a strict TypeScript project with the typings of Node alone, and with the DOM's", async () => {
    assert.equal(await compile(folder, CONSUMER, { lib: ["ES2023"] }), "");
    assert.equal(await compile(folder, CONSUMER, { lib: ["ES2023", "DOM"] }), "");
    // The compiler did check the file: a wrong use is an error.
    assert.match(await compile(folder, CONSUMER.replace("openGenerator(", "openGenerator(1, "), {}), /error TS/);
  });

  it("has types for a page, without those of Node.js", async () => {
    const page = {
      ...{ lib: ["ES2023", "DOM"], types: [], customConditions: ["browser"] },
      ...{ module: "ESNext", moduleResolution: "Bundler" },
    };
    assert.equal(await compile(folder, PAGE_CONSUMER, page), "");
    assert.match(await compile(folder, PAGE_CONSUMER.replace("openFaceFinder(", "openFaceFinder(1"), page), /error TS/);
  });

  it("has public types that lead to no typings but Node's and zod's", async () => {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = async (path: string): Promise<void> => {
      if (seen.has(path)) return;
      seen.add(path);
      const text = (await readFile(path, "utf8")).replace(/\/\*[\s\S]*?\*\//g, "");
      for (const [, name] of text.matchAll(/(?:from |import\(|import )["']([^"']+)["']/g)) {
        if (name.startsWith(".")) await visit(normalize(join(dirname(path), name.replace(/\.js$/, ".d.ts"))));
        else packages.add(name);
      }
    };
    await visit(join(folder, "node_modules/elegant-faces/dist/types/index.d.ts"));
    assert.ok(seen.size > 20);
    assert.deepEqual(
      [...packages].filter((name) => !name.startsWith("node:")),
      ["zod"],
    );
  });

  it("says what to install for the queue, whose packages are optional", async () => {
    const { stdout } = await command("doctor");
    for (const name of ["bullmq", "ioredis"]) {
      const line = new RegExp(`^--  ${name} +not installed: 'npm install bullmq ioredis' gives elegant queue`, "m");
      assert.match(stdout, line);
    }
    for (const words of [["submit", "--parts", "2", "synth", "faces"], ["work"], ["status"]]) {
      const { code, stderr } = await command("queue", ...words);
      assert.equal(code, 2);
      assert.equal(
        stderr,
        "elegant: elegant queue: expected bullmq and ioredis next to elegant-faces, received no bullmq and no ioredis. " +
          "Run 'npm install bullmq ioredis'.\n",
      );
    }
  });
});
