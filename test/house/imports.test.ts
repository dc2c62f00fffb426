/** The rules of the house: which file may import which. docs/architecture.md explains the layers. */
import assert from "node:assert/strict";
import { type Import, readImportGraph, readSource, type SourceFile } from "../support/import-graph.js";

/**
 * Files and folders that run in Node.js and in a browser. Their imports must be portable, too. What differs between the
 * two platforms is behind #platform.
 */
const PORTABLE = [
  ...["errors.ts", "types.ts", "random.ts", "suggest.ts", "closing.ts", "bytes.ts", "gibibytes.ts", "json.ts"],
  "platform/platform.ts",
  "platform/browser.ts",
  "kernels/",
  ...["pool/team/", "pool/threads.ts"],
  ...[
    "image/formats/",
    "image/codec.ts",
    "image/header.ts",
    "image/kinds.ts",
    "image/orientation.ts",
    "image/align.ts",
  ],
  ...["image/landmarks.ts", "image/pixels.ts", "image/floats.ts", "image/reduce.ts", "image/jpeg-writer.ts"],
  "sheet/",
  "interop/",
  ...[
    "device/device.ts",
    "device/in-browser.ts",
    "device/choices.ts",
    "device/current.ts",
    "device/ops/",
    "device/wasm/",
    "device/cpu/",
  ],
  // All of device/webgpu/ but index.ts, which finds the GPU in Node.js.
  ...[
    "adam",
    "adapter",
    "backend",
    "channel-norm",
    "conv",
    "failure",
    "instance-norm",
    "open",
    "program",
    "reflect-pad",
    "register-programs",
    "rmsprop",
  ].map((name) => `device/webgpu/${name}.ts`),
  "device/webgpu/request-device.ts",
  "nn/",
  "methods/",
  ...["models/checkpoint.ts", "models/generator-file.ts", "models/generator.ts", "models/model-bytes.ts"],
  ...["editing/swap.ts", "editing/linear.ts", "editing/matrix.ts", "editing/faces.ts", "editing/swap-rows.ts"],
  ...["editing/side.ts", "editing/label-edits.ts", "editing/blend.ts", "editing/explain.ts"],
  ...["metrics/moments.ts", "metrics/frechet.ts", "metrics/eigen.ts", "metrics/sqrtm.ts", "metrics/linalg.ts"],
  ...["metrics/kid.ts", "metrics/precision-recall.ts", "metrics/root-trace.ts", "metrics/symmetric.ts"],
  ...["metrics/semidefinite.ts", "metrics/band.ts", "metrics/row-products.ts"],
  // All of detection/ but the threads of Node.js and what reads photos and records by their paths.
  ...[
    ...[
      "boxes",
      "cropped-face",
      "face-finder",
      "find-faces",
      "five-points",
      "inputs",
      "landmark-network",
      "layers",
      "locate",
      "networks",
    ],
    ...["paste", "pose", "recognition", "ssd-detector", "tiny-detector", "views", "weights"],
  ].map((name) => `detection/${name}.ts`),
  ...[
    "web/page/",
    "web/engine/",
    "web/protocol.ts",
    "library.ts",
    "library-faces.ts",
    "library-browser.ts",
    "browser.ts",
  ],
] as const;

/** The floors from the ground up. A file imports from its own floor and from those below. */
const FLOORS: readonly (readonly string[])[] = [
  [
    "errors.ts",
    "types.ts",
    "random.ts",
    "suggest.ts",
    "closing.ts",
    "bytes.ts",
    "gibibytes.ts",
    "json.ts",
    "version.ts",
  ],
  ["platform/"],
  ["files.ts", "cache.ts", "lock.ts", "part.ts"],
  ["kernels/"],
  ["pool/"],
  ["interop/"],
  ["image/"],
  ["report/", "sheet/"],
  ["dataset/", "synth/"],
  ["device/"],
  ["nn/"],
  ["methods/"],
  ["models/"],
  ["editing/", "metrics/", "detection/"],
  ["preprocess/"],
  ["training/"],
  ["planner/"],
  ["scoring/", "golden/"],
  ["comparison/", "labelling/"],
  ["cli/", "queue/", "demo/", "web/"],
  [
    "library.ts",
    "library-faces.ts",
    "library-metrics.ts",
    "library-node.ts",
    "library-browser.ts",
    "index.ts",
    "browser.ts",
  ],
];

/** Files that a worker thread of the pool or the team starts with. They must start quickly. */
const WORKERS = [
  ...[
    "image/worker.ts",
    "preprocess/worker.ts",
    "dataset/duplicates/worker.ts",
    "synth/worker.ts",
    "pool/team/helper.ts",
  ],
];

const isWithin = (file: string, places: readonly string[]): boolean =>
  places.some((place) => (place.endsWith("/") ? file.startsWith(place) : file === place));

const isOurs = ({ target }: Import): boolean => target.endsWith(".ts");

function floorOf(file: string): number {
  return FLOORS.findIndex((places) => isWithin(file, places));
}

describe("the imports of src", () => {
  let graph: ReadonlyMap<string, SourceFile>;
  before(async () => {
    graph = await readImportGraph();
  });

  it("are found in every form that the source may have", () => {
    const { imports, code } = readSource(
      "a/b.ts",
      [
        'import type { A } from "./a.js";',
        'import { type B, type C } from "../c.js"; // import { no } from "./no.js"',
        'import {\n  d,\n  type D,\n} from "node:d";',
        'export { e } from "./e.js";',
        'import "./f.js";',
        'const text = "Buffer.from";',
        'const g = await import("./g.js");',
      ].join("\n"),
    );
    assert.deepEqual(
      imports.map(({ target, isType, isDynamic }) => `${target}${isType ? " type" : ""}${isDynamic ? " later" : ""}`),
      ["a/a.ts type", "c.ts type", "node:d", "a/e.ts", "a/f.ts", "a/g.ts later"],
    );
    assert.doesNotMatch(code, /Buffer|no\.js/);
  });

  /** One line per import that breaks a rule. */
  const broken = (rule: (file: string, each: Import) => boolean): string[] =>
    [...graph].flatMap(([file, { imports }]) =>
      imports.filter((each) => rule(file, each)).map(({ target }) => `${file} imports ${target}`),
    );

  /** All files that run when `file` is loaded, without those that import() loads later. */
  const reachable = (file: string): ReadonlySet<string> => {
    const seen = new Set<string>();
    const visit = (name: string): void => {
      if (seen.has(name)) return;
      seen.add(name);
      for (const { target, isType, isDynamic } of graph.get(name)?.imports ?? []) {
        if (!isType && !isDynamic) visit(target);
      }
    };
    visit(file);
    return seen;
  };

  it("are found, all of them in files that exist", () => {
    assert.ok(graph.size > 400, `${graph.size} files`);
    assert.deepEqual(
      broken((_, each) => isOurs(each) && !graph.has(each.target)),
      [],
    );
    const places = [...PORTABLE, ...FLOORS.flat()];
    assert.deepEqual(
      places.filter((place) => ![...graph.keys()].some((file) => isWithin(file, [place]))),
      [],
    );
  });

  it("of portable rooms lead to no module of Node.js, and their code uses nothing of it", () => {
    const rule = (file: string, { target, isType }: Import): boolean => {
      if (!isWithin(file, PORTABLE) || isType) return false;
      if (target.endsWith(".ts")) return !isWithin(target, PORTABLE);
      return target.startsWith("node:") || target === "piscina";
    };
    assert.deepEqual(broken(rule), []);
    const uses = [...graph].filter(([file, { code }]) => {
      return isWithin(file, PORTABLE) && /\b(?:Buffer|process|NodeJS|__dirname)\b\s*[.([]/.test(code);
    });
    assert.deepEqual(
      uses.map(([file]) => file),
      [],
    );
  });

  it("go down the floors", () => {
    assert.deepEqual(
      [...graph.keys()].filter((file) => floorOf(file) < 0),
      [],
    );
    assert.deepEqual(
      broken((file, each) => isOurs(each) && !each.isType && floorOf(each.target) > floorOf(file)),
      [],
    );
  });

  it("name a method's folder only in that folder, in the two registries, and above the methods' users", () => {
    const users = ["cli/", "demo/", "golden/", "library-node.ts", "index.ts"];
    const rule = (file: string, { target }: Import): boolean => {
      const [, folder] = /^(methods\/[^/]+\/)/.exec(target) ?? [];
      return folder !== undefined && !isWithin(file, [folder, "methods/registry.ts", "methods/recipes.ts", ...users]);
    };
    assert.deepEqual(broken(rule), []);
  });

  it("of workers do not reach TensorFlow.js", () => {
    for (const worker of WORKERS) {
      const packages = [...reachable(worker)].filter((name) => name.startsWith("@tensorflow/"));
      assert.deepEqual(packages, [], worker);
    }
  });

  it("make no circles, not even of types", () => {
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      const at = path.indexOf(file);
      if (at >= 0) circles.push([...path.slice(at), file].join(" -> "));
      if (at >= 0 || done.has(file)) return;
      for (const each of graph.get(file)?.imports ?? []) {
        if (isOurs(each)) visit(each.target, [...path, file]);
      }
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    assert.deepEqual(circles, []);
  });
});
