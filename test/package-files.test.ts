/** The files of the packed package: which, how many and how large, and what a bundler makes of them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { build } from "esbuild";
import { type Installed, installPacked } from "./support/installed.js";
import { fromRoot, runNode } from "./support/spawn.js";

/**
 * Upper bounds. 4.7 MB of the packed bytes are the three models, which do not get smaller by packing; the rest is the code, the
 * bundled page and the documents.
 */
const MOST = { packed: 7_300_000, unpacked: 11_000_000, files: 840 };

/** Decodes what it has encoded, and prints its size. */
const DECODING = `
import { decodeImage, encodePng } from "elegant-faces";
const png = await encodePng({ width: 3, height: 2, data: new Uint8ClampedArray(24).fill(200) });
const { width, height, data } = await decodeImage(png, "grey.png");
console.log(width, height, data[0]);
`;

/** Edits a grey picture with a shipped model, and prints its size. */
const EDITING = `
import { encodeFaces, openDevice, openGenerator, swapMany, toPictures, toTensor } from "elegant-faces";
const device = await openDevice("wasm", 1);
const model = await openGenerator("painted");
const grey = { width: 64, height: 64, data: new Uint8ClampedArray(64 * 64 * 4).fill(128) };
const face = encodeFaces(model, await toTensor([grey], 64));
const [picture] = await toPictures(swapMany(model, face, [{ attribute: "Bangs", reference: face }]));
console.log(picture.width, picture.height);
await device.close();
`;

/** Statements at the start of a line that do something when a module is loaded. Compiled code has no other such lines. */
const ACTS = /^(?:import "|(?:tf\.)?[a-zA-Z]\w*(?:\.\w+)*\(|(?:for|if|while|await|process|try)\b)/m;

const withoutTexts = (code: string): string =>
  code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/`(?:[^`\\]|\\.)*`/g, "``");

/** The paths that an entry of sideEffects means: `*` is part of a name, and `**\/` is any folders. */
function patternOf(glob: string): RegExp {
  const parts = glob.replace(/^\.\//, "").split(/(\*\*\/|\*)/);
  const meanings: Readonly<Record<string, string>> = { "**/": "(?:.+/)?", "*": "[^/]*" };
  return new RegExp(`^${parts.map((part) => meanings[part] ?? part.replaceAll(".", "\\.")).join("")}$`);
}

describe("the packed package", () => {
  let installed: Installed;
  let ours: string;
  before(async () => {
    installed = await installPacked();
    ours = join(installed.folder, "node_modules/elegant-faces");
  });
  after(() => rm(installed.folder, { recursive: true, force: true }));

  const paths = (): string[] => installed.packed.files.map(({ path }) => path);

  it("is not larger than it has to be", () => {
    const { size, unpackedSize, files } = installed.packed;
    console.log(`        ${size} bytes packed, ${unpackedSize} unpacked, ${files.length} files`);
    assert.ok(size <= MOST.packed, `${size} bytes packed`);
    assert.ok(unpackedSize <= MOST.unpacked, `${unpackedSize} bytes unpacked`);
    assert.ok(files.length <= MOST.files, `${files.length} files`);
  });

  it("contains what it needs, and nothing that nobody reads", async () => {
    for (const path of ["README.md", "LICENSE", "CHANGELOG.md", "bin/elegant.js", "dist/web/index.html"]) {
      assert.ok(paths().includes(path), path);
    }
    assert.deepEqual((await readdir(join(ours, "dist"))).sort(), ["src", "types", "wasm", "web"]);
    const unused = [
      /\.(?:ts|map|wat|tsbuildinfo)$/, // dist/types has the declarations
      /^dist\/src\/(?:kernels\/reference|web\/page|web\/engine)\//,
      /^dist\/web\/(?:files|models)\//,
      /^(?:src|test|bench|build|assembly)\//,
    ];
    const found = paths().filter((path) => unused.some((each) => each.test(path)) && !path.startsWith("dist/types/"));
    assert.deepEqual(found, []);
    const readme = await readFile(join(ours, "README.md"), "utf8");
    for (const [, path] of readme.matchAll(/\]\(((?:docs|assets)\/[^)#]+)/g)) assert.ok(paths().includes(path), path);
  });

  it("contains every module that one of its modules imports, and no file twice", async () => {
    const all = new Set(paths());
    for (const path of paths().filter((each) => /^(?:bin|dist\/src)\/.*\.js$/.test(each))) {
      const code = withoutTexts(await readFile(join(ours, path), "utf8"));
      const found = code.matchAll(/(?:from |import |import\(|new URL\()"(\.[^"]+\.js)"/g);
      for (const [, name] of found) {
        const target = normalize(join(path, "..", name)).replaceAll("\\", "/");
        assert.ok(all.has(target), `${path} imports ${target}`);
      }
    }
    const known = new Map<string, string>();
    for (const { path } of installed.packed.files.filter(({ size }) => size > 50_000)) {
      const digest = createHash("sha256")
        .update(await readFile(join(ours, path)))
        .digest("hex");
      assert.equal(known.get(digest), undefined, path);
      known.set(digest, path);
    }
  });

  it("has the declarations of this build", async () => {
    const types = paths().filter((path) => path.startsWith("dist/types/"));
    assert.ok(types.includes("dist/types/index.d.ts") && types.includes("dist/types/browser.d.ts"));
    for (const path of types) {
      const compiled = await readFile(fromRoot(path.replace("dist/types/", "dist/src/")), "utf8");
      assert.equal(await readFile(join(ours, path), "utf8"), compiled, `${path}: run 'npm run build:types'`);
    }
  });

  it("names every module that acts when it is loaded in sideEffects, and no missing one", async () => {
    const modules = paths().filter((path) => /^(?:bin|dist\/src)\/.*\.js$/.test(path));
    const acting: string[] = [];
    for (const path of modules) {
      if (ACTS.test(withoutTexts(await readFile(join(ours, path), "utf8")))) acting.push(path);
    }
    const patterns = installed.manifest.sideEffects.map(patternOf);
    const isNamed = (path: string): boolean => patterns.some((pattern) => pattern.test(path));
    assert.ok(acting.length >= 10, acting.join());
    assert.deepEqual(
      acting.filter((path) => !isNamed(path)),
      [],
    );
    for (const pattern of patterns)
      assert.ok(
        modules.some((path) => pattern.test(path)),
        pattern.source,
      );
  });

  const bundle = async (source: string, platform: "node" | "browser", packages?: "external"): Promise<string> => {
    const [entry, outfile] = [join(installed.folder, "entry.js"), join(installed.folder, `${platform}.mjs`)];
    await writeFile(entry, source);
    // A program without a GPU does not have that package. esbuild's warnings about those of TensorFlow.js are not about ours.
    const outside = packages === undefined ? { external: ["@tensorflow/tfjs-backend-webgpu"] } : { packages };
    const output = { bundle: true, format: "esm", platform, logLevel: "error" } as const;
    await build({ entryPoints: [entry], outfile, ...output, ...outside });
    return outfile;
  };

  it("works in a bundle for Node.js that leaves it outside", async () => {
    const { code, stdout, stderr } = await runNode(await bundle(EDITING, "node", "external"), []);
    assert.deepEqual([code, stdout], [0, "64 64\n"], stderr);
  });

  it("gives a bundle for browsers no module of Node.js, and only what the program uses", async () => {
    const path = await bundle(DECODING, "browser");
    const script = await readFile(path, "utf8");
    assert.doesNotMatch(script, /from\s*"node:|import\("node:|require\("node:/);
    assert.ok(script.length < 400_000, `${script.length} bytes, not minified`);
    const { code, stdout, stderr } = await runNode(path, []); // nothing in it needs a page
    assert.deepEqual([code, stdout], [0, "3 2 200\n"], stderr);
  });
});
