/** How the options of `elegant train` select a method, and which combinations are refused. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { schemasOf } from "../../src/cli/choices.js";
import { chooseRecipe, type MethodOptions, withMethodOptions } from "../../src/cli/train-method.js";
import { formatChoice } from "../../src/methods/choice-words.js";
import { PRESETS, type PresetChoices } from "../../src/methods/elegant/presets.js";
import { METHOD_NAMES, recipesOf } from "../../src/methods/recipes.js";
import { loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { writeFaces } from "../support/faces.js";
import { runHere } from "../support/in-process.js";
import { type Ended, fromRoot } from "../support/spawn.js";

const CHOICES = [...schemasOf(recipesOf("elegant")).keys()];

/** The method that a command line selects. */
function methodOf(line: string) {
  const command = withMethodOptions(new Command()).exitOverride();
  command.parse(
    line.split(" ").filter((word) => word !== ""),
    { from: "user" },
  );
  return chooseRecipe(command.opts<MethodOptions>());
}

const refused = (line: string, message: string): void => {
  assert.throws(() => methodOf(line), { name: "InputError", message }, line);
};

describe("the method of elegant train", () => {
  it("is the modern preset by default, or the one that --preset names", () => {
    assert.deepEqual(methodOf(""), PRESETS.modern);
    for (const [preset, choices] of Object.entries(PRESETS)) assert.deepEqual(methodOf(`--preset ${preset}`), choices);
  });

  it("is the preset with the choices of --set, and with those that have options of their own", () => {
    const { network, method } = PRESETS.modern;
    assert.deepEqual(methodOf("--set joint=off r1Every=16 slice=0.5 condition=planes others=0 generatorBlocks=5"), {
      network: { ...network, condition: "planes", generatorBlocks: 5 },
      method: { ...method, joint: false, r1Every: 16, slice: 0.5, others: 0 },
    });
    assert.deepEqual(methodOf("--set mask=off --set changeWeight=0 --ema 0.5 --r1 2 --upsampling transposed"), {
      network: { ...network, mask: false, upsampling: "transposed" },
      method: { ...method, changeWeight: 0, ema: 0.5, r1: 2 },
    });
    assert.deepEqual(methodOf("--preset official --flip --set weightDecay=1e-4"), {
      network: PRESETS.official.network,
      method: { ...PRESETS.official.method, flip: true, weightDecay: 1e-4 },
    });
  });

  it("accepts every choice with the value of every preset", () => {
    for (const { network, method } of Object.values(PRESETS)) {
      const values = Object.entries({ ...network, ...method });
      assert.deepEqual(
        values.map(([name]) => name),
        CHOICES,
      );
      const line = values.map(([name, value]) => `${name}=${formatChoice(value)}`);
      assert.deepEqual(methodOf(`--set ${line.join(" ")}`), { network, method });
    }
  });

  it("is refused for a name that is not a choice", () => {
    refused("--set msk=on", "--set: expected the name of a choice before '=', received 'msk=on'. Did you mean mask?");
    refused(
      "--set colour=red",
      `--set: expected the name of a choice before '=', received 'colour=red'. Choices are ${CHOICES.join(", ")}.`,
    );
    refused(
      "--set mask",
      "--set: expected NAME=VALUE, received 'mask'. Write a choice as in mask=...; docs/training.md lists them.",
    );
    assert.throws(() => methodOf("--set toString=1"), { name: "InputError", message: /received 'toString=1'/ });
  });

  it("is refused for a value that a choice does not take, and the message names those that it takes", () => {
    for (const [choice, expected] of [
      ["mask=x", "on or off"],
      ["mask=true", "on or off"],
      ["mask=1", "on or off"],
      ["joint=", "on or off"],
      ["generatorBlocks=6", "4 or 5"],
      ["edit=Difference", "residual or difference"],
      ["reconstruction=l1", "squared, norm or none"],
      ["r1Every=0", "an integer of at least 1"],
      ["r1Every=1.5", "an integer of at least 1"],
      ["r1=-1", "a number, at least 0"],
      ["r1=", "a number, at least 0"],
      ["slice=a lot", "a number, at least 0"],
      ["slice=Infinity", "a number, at least 0"],
      ["ema=1", "a number, at least 0 and below 1"],
      ["learningRateDecay=0", "a number, above 0 and at most 1"],
      ["annealing=2", "a number, at least 0 and at most 1"],
    ]) {
      const [name, value] = choice.split("=");
      assert.throws(() => chooseRecipe({ method: "elegant", set: [choice] }), {
        name: "InputError",
        message: `--set ${name}: expected ${expected}, received '${value}'. docs/training.md explains every choice.`,
      });
    }
  });

  it("is refused when a choice is given twice, in either way", () => {
    refused("--set r1=2 mask=on r1=3", "--set r1: expected one value, received 2 and 3. Remove one of them.");
    refused("--set r1=2 --r1 2", "--set r1: expected without --r1, received both. Give one of them.");
    refused(
      "--set learningRate=1e-3 --learning-rate 1e-3",
      "--set learningRate: expected without --learning-rate, received both. Give one of them.",
    );
    refused("--set flip=off --flip", "--set flip: expected without --flip, received both. Give one of them.");
  });

  it("is refused when choices make no sense together, and the message says what to set", () => {
    for (const [line, message, corrected] of [
      [
        "--preset official --set edit=difference",
        "--set reconstruction: expected none with edit=difference, received squared. The reconstruction is exact there and needs no loss: set reconstruction=none.",
        "--preset official --set edit=difference reconstruction=none",
      ],
      [
        "--set edit=residual",
        "--set reconstruction: expected squared or norm with edit=residual, received none. Without it nothing keeps a face as it is: set reconstruction=squared.",
        "--set edit=residual reconstruction=squared",
      ],
      [
        "--set mask=off maskWeight=0.1",
        "--set maskWeight: expected 0 with mask=off, received 0.1. There is no mask to weigh: set maskWeight=0.",
        "--set mask=off maskWeight=0",
      ],
      [
        "--set condition=planes",
        "--set others: expected 0 with condition=planes, received 0.5. Only discriminators with a score for each attribute judge the others: set others=0.",
        "--set condition=planes others=0",
      ],
      [
        "--r1 0",
        "--set r1Every: expected 1 with r1=0, received 4. There is no penalty to compute: set r1Every=1.",
        "--r1 0 --set r1Every=1",
      ],
    ]) {
      refused(line, message);
      methodOf(corrected);
    }
  });
});

describe("docs/training.md", () => {
  it("lists every choice with its values in all presets", async () => {
    const text = await readFile(fromRoot("docs/training.md"), "utf8");
    const rows = [
      ...text.matchAll(/^\| `(\w+)` +\|[^|\n]*\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|[^|\n]*[^|\s][^|\n]*\|$/gm),
    ];
    const listed = rows.map(([, name, ...values]) => [name, ...values.map((value) => value.trim())]);
    const valuesOf = ({ network, method }: PresetChoices): Readonly<Record<string, unknown>> => ({
      ...network,
      ...method,
    });
    const [official, paper, modern] = [PRESETS.official, PRESETS.paper, PRESETS.modern].map(valuesOf);
    assert.deepEqual(
      listed,
      CHOICES.map((name) => [name, ...[official, paper, modern].map((values) => formatChoice(values[name]))]),
    );
  });

  it("lists every choice of the other systems with its default", async () => {
    const text = await readFile(fromRoot("docs/training.md"), "utf8");
    for (const method of METHOD_NAMES.filter((name) => name !== "elegant")) {
      const [, , section = ""] = new RegExp(`^### (.*): \`--method ${method}\`$([^#]*)`, "m").exec(text) ?? [];
      const rows = [...section.matchAll(/^\| `(\w+)` \|[^|\n]*[^|\s][^|\n]*\|([^|\n]*)\|[^|\n]*[^|\s][^|\n]*\|$/gm)];
      const { network, method: training } = Object.values(recipesOf(method).presets)[0];
      const defaults: Readonly<Record<string, unknown>> = { ...network, ...training };
      assert.deepEqual(
        rows.map(([, name, value]) => [name, value.trim()]),
        [...schemasOf(recipesOf(method)).keys()].map((name) => [name, formatChoice(defaults[name])]),
        method,
      );
    }
  });
});

describe("elegant train --set", () => {
  const SMALL = "--attributes Bangs Smiling --size 64 --width 4 --batch 2 --device wasm --workers 1".split(" ");
  let folder: string;
  let data: string;
  let run: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    data = join(folder, "faces");
    run = join(folder, "run");
    await writeFaces(data, 12);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  const train = (...args: string[]): Promise<Ended> => runHere(["train", data, "--out", run, "--json", ...args]);

  it("refuses a wrong choice before anything is written", async () => {
    for (const choice of ["mask=x", "edit=residual"]) {
      const { code, stdout, stderr } = await train(...SMALL, "--set", choice);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /^elegant: --set \w+: expected .*\n$/);
      await assert.rejects(stat(run), { code: "ENOENT" });
    }
  });

  it("keeps the choices in the run, continues with them, and refuses others by their names", async () => {
    const begun = await train(...SMALL, "--steps", "1", "--set", "r1Every=2", "mask=off", "slice=2");
    assert.equal(begun.code, 0, begun.stderr);
    const { network, method } = PRESETS.modern;
    const expected = { network: { ...network, mask: false }, method: { ...method, r1Every: 2, slice: 2 } };
    const goOn = (...more: string[]): Promise<Ended> => train("--resume", "--steps", "2", "--device", "wasm", ...more);
    for (const [more, message] of [
      [["--set", "r1Every=4"], /^elegant: --resume: --set r1Every: expected 2, received 4\./],
      [["--set", "mask=on"], /^elegant: --resume: --set mask: expected .*, received/],
      [["--set", "edit=residual"], /^elegant: --resume: --set edit: expected difference, received residual\./],
      [["--set", "maskWeight=x"], /^elegant: --set maskWeight: expected a number, at least 0, received 'x'\./],
      [["--ema", "0.5"], /^elegant: --resume: --set ema: expected 0\.999, received 0\.5\./],
      [["--preset", "official"], /^elegant: --resume: --set upsampling: expected resize, received transposed\./],
    ] as const) {
      const { code, stdout, stderr } = await goOn(...more);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
    }
    const { code, stderr } = await goOn("--set", "r1Every=2");
    assert.equal(code, 0, stderr);
    const { checkpoint } = await loadNewestCheckpoint(run);
    assert.equal(checkpoint.progress.step, 2);
    assert.deepEqual(checkpoint.model.config, {
      ...expected.network,
      size: 64,
      width: 4,
      attributes: ["Bangs", "Smiling"],
    });
    const { batch, seed, dataset, ...kept } = checkpoint.progress.options as Record<string, unknown>;
    assert.deepEqual(kept, expected.method);
  });
});
