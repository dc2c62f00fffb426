/** The help of every command: its width, its marks, and the common options that it offers. */
import assert from "node:assert/strict";
import type { Command } from "commander";
import { COMMANDS } from "../../src/cli/commands.js";
import { setHelpText } from "../../src/cli/help-text.js";
import { createProgram } from "../../src/cli/program.js";

/** Every command and subcommand, with its words. */
function commandsOf(parent: Command, words: readonly string[] = []): readonly (readonly [string, Command])[] {
  return parent.commands.flatMap((command) => {
    const path = [...words, command.name()];
    return [[path.join(" "), command] as const, ...commandsOf(command, path)];
  });
}

/** The text that `--help` of a command prints. */
function helpOf(words: string): string {
  let text = "";
  const output = {
    writeOut(part: string) {
      text += part;
    },
  };
  const program = createProgram(COMMANDS, output);
  assert.throws(() => program.parse([...words.split(" "), "--help"], { from: "user" }), {
    code: "commander.helpDisplayed",
  });
  return text;
}

/** Which of --seed, --workers and --device each command reads. */
const COMMON: Readonly<Record<string, string>> = {
  ...{
    demo: "seed workers device",
    synth: "seed workers",
    preprocess: "workers",
    inspect: "workers",
    align: "workers",
  },
  ...{ train: "seed workers device", swap: "workers device", linear: "workers device", matrix: "workers device" },
  ...{ import: "seed", export: "", fid: "seed workers device", merge: "workers", queue: "none", "queue submit": "" },
  ...{
    "queue work": "",
    "queue status": "",
    table: "seed workers device",
    label: "seed workers device",
    score: "seed workers device",
    edit: "seed workers device",
    weights: "",
    plan: "none",
    verify: "workers device",
  },
  ...{ "plan preprocess": "workers", "plan train": "seed workers device", "plan swap": "workers device" },
  ...{ "plan fid": "seed workers device", doctor: "", web: "", completion: "" },
};

describe("help", () => {
  const commands = commandsOf(createProgram(COMMANDS));

  it("is that of all commands", () => {
    assert.deepEqual(commands.map(([words]) => words).sort(), Object.keys(COMMON).sort());
  });

  for (const [words, command] of commands) {
    it(`of ${words} fits 80 columns, marks what is required, and offers what has an effect`, () => {
      const text = helpOf(words);
      for (const line of text.split("\n")) assert.ok(line.length <= 80, `${line.length} columns: ${line}`);
      const blocks = text.split(/\n(?= {2}(?:-|\S))/);
      for (const { long, mandatory } of command.options.filter(({ hidden }) => !hidden)) {
        const block = blocks.find((each) => each.trimStart().startsWith(`${long} `)) ?? "";
        assert.equal(block.replace(/\s+/g, " ").includes("(required)"), mandatory, `${long}: ${block}`);
      }
      assert.match(text, words === "queue" ? /work/ : /^Examples?:\n {2}(npx )?elegant/m);
      if (COMMON[words] === "none") return;
      const accepted = command.options.map(({ long }) => String(long));
      const offered = command.options.filter(({ hidden }) => !hidden).map(({ long }) => String(long));
      for (const name of ["--json", "--quiet"]) assert.ok(offered.includes(name), name);
      for (const name of ["seed", "workers", "device"]) {
        assert.ok(accepted.includes(`--${name}`), `${words} accepts --${name}`);
        assert.equal(offered.includes(`--${name}`), COMMON[words].split(" ").includes(name), `${words} --${name}`);
      }
      // Plan's help explains more than that in any case.
      const runsModel = offered.includes("--device") && !words.startsWith("plan ");
      assert.equal(offered.includes("--verbose"), runsModel);
    });
  }

  it("sets sentences, lists and command lines to a width, and keeps command lines whole for the shell", () => {
    const text = [
      "",
      "A sentence that is longer than forty columns, and",
      "goes on.",
      "  name   what it is, in more words than fit one line",
      "         and a second line",
      "",
      "Example:",
      "  elegant swap --input one.png two.png --attribute Bangs \\",
      "    --out x",
      "  elegant synth d   (a note)",
    ].join("\n");
    assert.equal(
      setHelpText(text, 40),
      [
        "",
        "A sentence that is longer than forty",
        "columns, and goes on.",
        "  name   what it is, in more words than",
        "         fit one line and a second line",
        "",
        "Example:",
        "  elegant swap --input one.png two.png \\",
        "    --attribute Bangs --out x",
        "  elegant synth d",
        "    (a note)",
      ].join("\n"),
    );
  });
});
