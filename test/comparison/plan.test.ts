/** The plan of `elegant table`: which models it trains with which share of the time, and what it refuses. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ComparisonPlan, keepPlan, planSystems } from "../../src/comparison/plan.js";
import { METHOD_NAMES } from "../../src/methods/recipes.js";
import { withFolder } from "../support/folder.js";

const PLAN: ComparisonPlan = {
  data: "faces",
  attributes: ["Bangs", "Smiling"],
  systems: [...METHOD_NAMES, "elegant:official"],
  size: 64,
  width: null,
  seed: 1,
  seconds: 3600,
  updates: null,
};

describe("the plan of a comparison", () => {
  it("trains one model for all attributes, and one for each where a method knows only one", () => {
    const systems = planSystems(PLAN, "table");
    assert.deepEqual(
      systems.map(({ name }) => name),
      PLAN.systems,
    );
    for (const { name, models } of systems) {
      const perAttribute = ["cyclegan", "unit"].includes(name);
      assert.deepEqual(
        models.map(({ attributes, share }) => [attributes, share]),
        perAttribute
          ? [
              [["Bangs"], 0.5],
              [["Smiling"], 0.5],
            ]
          : [[["Bangs", "Smiling"], 1]],
        name,
      );
    }
    const folders = systems.flatMap(({ models }) => models.map(({ folder }) => folder));
    assert.equal(new Set(folders).size, folders.length);
    assert.equal(folders.at(-1), join("table", "runs", "elegant-official"));
  });

  it("takes the first preset unless one is named, and the plan's width instead of the method's", () => {
    const [modern, official] = planSystems({ ...PLAN, systems: ["elegant", "elegant:official"], width: 4 }, "table");
    assert.equal(modern.network.upsampling, "resize");
    assert.equal(official.network.upsampling, "transposed");
    assert.deepEqual([modern.width, official.width], [4, 4]);
  });

  it("refuses unknown systems, unknown presets and a system that is named twice", () => {
    for (const [systems, message] of [
      [
        ["stargun"],
        /--systems: expected the name of a system, or NAME:PRESET, received 'stargun'\. Did you mean stargan/,
      ],
      [["elegant:official:x"], /received 'elegant:official:x'/],
      [["elegant:best"], /--systems elegant:best: expected a preset of elegant, received 'best'\. It has modern/],
      [["unit", "unit"], /expected each one once, received 'unit' twice/],
    ] as const) {
      assert.throws(() => planSystems({ ...PLAN, systems: [...systems] }, "table"), { name: "InputError", message });
    }
  });

  it("is kept in the folder, and another one is refused by the name of the difference", () =>
    withFolder(async (folder) => {
      await keepPlan(folder, PLAN);
      const kept = await readFile(join(folder, "plan.json"), "utf8");
      await keepPlan(folder, PLAN);
      await assert.rejects(keepPlan(folder, { ...PLAN, seconds: null, updates: 4 }), {
        name: "InputError",
        message: /seconds: expected 3600, received none\. Give the options with which it was begun/,
      });
      assert.equal(await readFile(join(folder, "plan.json"), "utf8"), kept);
    }));
});
