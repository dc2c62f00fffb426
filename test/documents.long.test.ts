/** Checks the command lines of README.md and docs/ and runs README.md's examples, so that they stay true. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { COMMANDS } from "../src/cli/commands.js";
import { createProgram } from "../src/cli/program.js";
import { decodeImage } from "../src/image/codec.js";
import { readPicture } from "../src/image/picture-files.js";
import { writeSynth } from "../src/synth/write.js";
import { type CommandLine, commandLines, fencedBlocks, listDocuments, shellBlocks } from "./support/documents.js";
import { withFolder } from "./support/folder.js";
import { type Ended, fromRoot, runNode } from "./support/spawn.js";

/** All commands with their options, which do nothing when they run. */
function parserOnly(): Command {
  const program = createProgram(COMMANDS);
  const disarm = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => {});
    for (const child of command.commands) disarm(child);
  };
  disarm(program);
  return program;
}

const show = ({ document, args }: CommandLine): string => `${document}: npx elegant-faces ${args.join(" ")}`;

/** The value after an option of a command line. */
function optionValue(args: readonly string[], option: string): string {
  const at = args.indexOf(option);
  assert.notEqual(at, -1, `${option} in ${args.join(" ")}`);
  return args[at + 1];
}

/** The command line, and the command line within it: the one after `plan`, or after `queue submit`'s options. */
function withInner(line: CommandLine): CommandLine[] {
  const { document, args } = line;
  const hands = args[0] === "plan" || (args[0] === "queue" && args[1] === "submit");
  const names = createProgram(COMMANDS).commands.map((command) => command.name());
  const start = args.findIndex((word, i) => i > 0 && word !== "queue" && names.includes(word));
  if (!hands || start < 0) return [line];
  const own = /^--(trace|html)$/; // options of plan, at any position
  const inner = args.slice(start).filter((word, i, all) => !own.test(word) && !own.test(all[i - 1] ?? ""));
  // A plan writes nothing, so it needs no place to write to.
  const out = ["train", "swap"].includes(inner[0]) && !inner.includes("--out") ? ["--out", "out"] : [];
  return [line, { document, args: [...inner, ...out] }];
}

async function findLine(document: string, ...words: readonly string[]): Promise<readonly string[]> {
  const found = (await commandLines(document)).filter(({ args }) => words.every((word) => args.includes(word)));
  assert.equal(found.length, 1, `${document}: one command line with ${words.join(" ")}`);
  return found[0].args;
}

/** Runs the command line in `folder`. */
function runIn(folder: string, args: readonly string[]): Promise<Ended> {
  return runNode(fromRoot("bin/elegant.js"), args, false, [], folder);
}

async function attributesOf(list: string): Promise<Map<string, Record<string, string>>> {
  const [, header, ...rows] = (await readFile(list, "utf8")).trim().split("\n");
  const names = header.trim().split(/\s+/);
  return new Map(
    rows.map((row) => {
      const [file, ...values] = row.trim().split(/\s+/);
      return [file.replace(/\.\w+$/, ""), Object.fromEntries(names.map((name, i) => [name, values[i]]))];
    }),
  );
}

describe("documents", () => {
  it("show command lines that the commands accept", async () => {
    const lines = (await Promise.all((await listDocuments()).map(commandLines))).flat().flatMap(withInner);
    assert.ok(lines.length >= 15, `${lines.length} command lines`);
    for (const line of lines) {
      const program = parserOnly();
      let refused = "";
      const configure = (command: Command): void => {
        command.configureOutput({ writeErr: (text) => (refused += text) });
        command.commands.forEach(configure);
      };
      configure(program);
      // The settings of a run depend on the model that it begins with, so `train` reads it first: here the shipped one.
      const args = line.args.map((word, i) => (line.args[i - 1] === "--from" ? "painted" : word));
      await assert.doesNotReject(
        async () => program.parseAsync(args, { from: "user" }),
        () => assert.fail(`${show(line)}\n${refused}`),
      );
    }
  });

  it("never show npx with the name of another package", async () => {
    for (const document of await listDocuments()) {
      assert.doesNotMatch((await shellBlocks(document)).join("\n"), /^(npx elegant|elegant) /m, document);
    }
  });

  it("name only npm scripts that exist", async () => {
    const { scripts } = JSON.parse(await readFile(fromRoot("package.json"), "utf8")) as { scripts: object };
    for (const document of await listDocuments()) {
      const text = await readFile(fromRoot(document), "utf8");
      for (const [, name] of text.matchAll(/npm run ([\w:]+)/g))
        assert.ok(name in scripts, `${document}: npm run ${name}`);
    }
  });
});

describe("docs/edit.md", () => {
  it("shows edits that work one after the other on painted faces", async () => {
    const small: Readonly<Record<string, readonly string[]>> = {
      synth: ["--workers", "2"],
      train: ["--steps", "1", "--width", "4", "--batch", "2", "--device", "wasm"],
    };
    const lines = (await commandLines("docs/edit.md")).map(({ args }) => args);
    const shown = new Set(lines.map(([command]) => command));
    for (const command of ["swap", "edit", "linear", "matrix", "align"]) assert.ok(shown.has(command), command);
    await withFolder(async (folder) => {
      for (const args of lines) {
        const { code, stderr } = await runIn(folder, [...args, ...(small[args[0]] ?? [])]);
        assert.equal(code, 0, `${args.join(" ")}\n${stderr}`);
      }
      // Every picture that the guide names is there.
      const text = await readFile(fromRoot("docs/edit.md"), "utf8");
      const named = [...text.matchAll(/`([\w/+=-]+\.png)`/g)].map(([, path]) => path);
      assert.ok(named.includes("several/000012-Eyeglasses+Bangs.png"));
      for (const path of named.filter((each) => each.includes("/") || each === "linear.png")) {
        assert.ok(existsSync(join(folder, path)), path);
      }
    });
  });
});

describe("README.md", () => {
  it("starts with an edit that shows: glasses for a face that has none", async () => {
    const args = await findLine("README.md", "swap", "painted");
    const [input, reference] = [optionValue(args, "--input"), optionValue(args, "--reference")];
    const attribute = optionValue(args, "--attribute");
    await withFolder(async (folder) => {
      // The first photos of the demo. Their faces do not depend on how many are painted.
      const seed = 1;
      await writeSynth({ directory: join(folder, "photos"), count: 12, seed, workers: 2 });
      const faces = join(folder, "elegant-demo/faces");
      const crops = await runNode(fromRoot("bin/elegant.js"), [
        ...["preprocess", join(folder, "photos"), faces, "--size", "64", "--format", "png"],
      ]);
      assert.equal(crops.code, 0, crops.stderr);
      const attributes = await attributesOf(join(faces, "list_attr_celeba.txt"));
      const has = (path: string): string | undefined => attributes.get(path.replace(/^.*\/|\.png$/g, ""))?.[attribute];
      assert.deepEqual([has(input), has(reference)], ["-1", "1"]);

      const { code, stderr } = await runIn(folder, args);
      assert.equal(code, 0, stderr);
      const out = join(folder, optionValue(args, "--out"));
      const [before, after] = [
        await readPicture(join(folder, input)),
        await readPicture(join(out, "000012-Eyeglasses.png")),
      ];
      // The glasses are across the eyes, in the middle rows, so these rows change more than the rest.
      const change = (from: number, to: number): number => {
        let sum = 0;
        for (let i = from * 64 * 4; i < to * 64 * 4; i++) sum += Math.abs(before.data[i] - after.data[i]);
        return sum / ((to - from) * 64);
      };
      assert.ok(change(24, 38) > 1.3 * change(40, 64), `${change(24, 38)} against ${change(40, 64)}`);
    });
  });

  it("edits a photo, prepares CelebA, trains and scores with its commands", async () => {
    const small: Readonly<Record<string, readonly string[]>> = {
      swap: ["--device", "wasm"],
      preprocess: [],
      train: ["--width", "8", "--batch", "2", "--steps", "1", "--device", "wasm"],
      score: ["--pairs", "2", "--device", "wasm"],
    };
    const lines = (await commandLines("README.md")).map(({ args }) => args);
    const chain = lines.filter(([command, ...rest]) => command in small && !rest.includes("painted"));
    assert.deepEqual(
      chain.map(([command]) => command),
      ["swap", "preprocess", "train", "score"],
    );
    await withFolder(async (folder) => {
      // Painted photos instead of CelebA's and of the user's own.
      await writeSynth({ directory: join(folder, "CelebA"), count: 60, seed: 1, workers: 2 });
      for (const [i, name] of ["holiday.jpg", "friend.jpg"].entries()) {
        await copyFile(join(folder, `CelebA/images/00000${i + 3}.jpg`), join(folder, name));
      }
      for (const args of chain) {
        const { code, stderr } = await runIn(folder, [...args, ...small[args[0]]]);
        assert.equal(code, 0, `${args.join(" ")}\n${stderr}`);
      }
      const [photo, edited] = await Promise.all(
        ["holiday.jpg", "edited/holiday-Smiling.png"].map(async (name) =>
          decodeImage(await readFile(join(folder, name)), name),
        ),
      );
      assert.deepEqual([edited.width, edited.height], [photo.width, photo.height]);
      assert.ok(existsSync(join(folder, "runs/first/score.json")));
    });
  });

  it("has a library example that says which files it needs", async () => {
    const blocks = await fencedBlocks("README.md", "js");
    assert.equal(blocks.length, 1);
    assert.match(blocks[0], /openGenerator\("painted"\)/);
  });
});
