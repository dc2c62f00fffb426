/** The frame of all commands: exit codes, messages, help, odd paths, and which text goes to stdout. */
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands.js";
import { createProgram } from "../../src/cli/program.js";
import { InputError } from "../../src/errors.js";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";

const elegant = (...args: string[]): Promise<Ended> => runHere(args);
const fixture = (...args: string[]): Promise<Ended> => runNode(fromRoot("dist/test/support/cli-fixture.js"), args);

function assertOneLine(text: string, pattern: RegExp): void {
  assert.match(text, pattern);
  assert.equal(text.split("\n").length, 2, `one line, received: ${text}`);
}

describe("command line", () => {
  it("suggests the command that was meant and exits with 2", async () => {
    const { code, stdout, stderr } = await runNode(fromRoot("bin/elegant.js"), ["docter"]);
    assert.deepEqual([code, stdout], [2, ""]);
    assertOneLine(stderr, /^elegant: unknown command 'docter' \(Did you mean doctor\?\)/);
  });

  const misused: readonly (readonly [string, readonly string[], string])[] = [
    [
      "a word for an integer",
      ["synth", "d", "--seed", "x"],
      "--seed: expected an integer from 0 to 4294967295, received 'x'.",
    ],
    [
      "a fraction for an integer",
      ["synth", "d", "--workers", "1.5"],
      "--workers: expected an integer from 1 to 256, received '1.5'.",
    ],
    [
      "an empty text for an integer",
      ["synth", "d", "--seed="],
      "--seed: expected an integer from 0 to 4294967295, received ''.",
    ],
    [
      "a number out of bounds",
      ["synth", "d", "--workers", "0"],
      "--workers: expected an integer from 1 to 256, received '0'.",
    ],
    [
      "a number that is none",
      ["align", "a", "--out", "d", "--min-score", "x"],
      "--min-score: expected a number from 0 to 1, received 'x'.",
    ],
    [
      "a device that does not exist",
      ["verify", "f", "--device", "gpu"],
      "--device: expected one of auto, webgpu, tensorflow, wasm, cpu, received 'gpu'.",
    ],
    [
      "a size that does not exist",
      ["train", "d", "--size", "100"],
      "--size: expected one of 64, 128, 256, received '100'.",
    ],
    [
      "a crop that is none",
      ["preprocess", "a", "b", "--crop", "1,2"],
      "--crop: expected x,y,w,h in whole pixels such as 20,30,216,216, received '1,2'.",
    ],
    [
      "a part that is none",
      ["synth", "d", "--part", "4/4"],
      "--part: expected i/n with i from 0 to n - 1, received '4/4'. Parts count from 0: the first of four is 0/4, the last 3/4.",
    ],
    ["a text without =", ["table", "d", "--pictures", "x"], "--pictures: expected NAME=DIR, received 'x'."],
    ["an unknown option", ["synth", "d", "--sede", "1"], "unknown option '--sede' (Did you mean --seed?)"],
    ["an option without its value", ["synth", "d", "--seed"], "--seed: expected a value (--seed <n>), received none."],
    ["a missing option", ["train", "d", "--attributes", "A"], "--out: expected a value (--out <run>), received none."],
    ["a missing argument", ["preprocess", "a"], "OUT: expected a value, received none."],
    ["an argument too many", ["doctor", "extra"], "doctor: expected 0 arguments, received 1."],
    [
      "options that exclude each other",
      ["export", "a", "b", "--pth", "--onnx"],
      "--pth: expected without --onnx, received both.",
    ],
  ];
  for (const [what, args, message] of misused) {
    it(`answers ${what} with one line and exits with 2`, async () => {
      const { code, stdout, stderr } = await elegant(...args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.equal(stderr, `elegant: ${message} Add --help for the options and an example.\n`);
    });
  }

  it("prints help and version on stdout and exits with 0", async () => {
    for (const args of [["--help"], ["--version"], ["doctor", "--help"], ["help", "doctor"]]) {
      const { code, stdout, stderr } = await elegant(...args);
      assert.deepEqual([code, stderr], [0, ""], args.join(" "));
      assert.match(stdout, /Usage: elegant|^\d+\.\d+\.\d+\n$/);
    }
  });

  it("shows its help on stdout when a command is still to come, and exits with 0", async () => {
    for (const args of [[], ["queue"], ["plan"]]) {
      const { code, stdout, stderr } = await elegant(...args);
      assert.deepEqual([code, stderr], [0, ""], args.join(" "));
      assert.ok(stdout.startsWith(`Usage: elegant ${[...args, "[options] [command]"].join(" ")}\n`), stdout);
    }
    for (const args of [["nothing"], ["help", "nothing"], ["queue", "nothing"], ["plan", "nothing"]]) {
      const { code, stdout, stderr } = await elegant(...args);
      assert.deepEqual([code, stdout], [2, ""]);
      assertOneLine(stderr, /^elegant: unknown command 'nothing'\. Add --help for the options and an example\.\n$/);
    }
  });

  const odd: readonly (readonly [string, RegExp])[] = [
    [
      "https://host/a.jpg",
      /received the URL 'https:\/\/host\/a\.jpg'\. elegant opens no URLs: download the file first, and name/,
    ],
    ["https:/host/a.jpg", /received the URL 'https:\/host\/a\.jpg'\. elegant opens no URLs/],
    ["s3://bucket/faces", /received the URL 's3:\/\/bucket\/faces'/],
    ["file:///tmp/a.jpg", /received the URL 'file:\/\/\/tmp\/a\.jpg'/],
    ["data:image/png;base64,AA", /received the URL 'data:image/],
    [
      "*.jpg",
      /received the pattern '\*\.jpg', which no file has as its name\. The shell replaces patterns, and not in quotes: leave/,
    ],
    ["photos/?.png", /received the pattern 'photos\/\?\.png'/],
    ["{a,b}.png", /received the pattern '\{a,b\}\.png'/],
    ["x[0-9].png", /received the pattern 'x\[0-9\]\.png'/],
    ["~", /received '~', with ~ as it stands\. Only the shell replaces ~, and not in quotes or after =: write \$HOME/],
    ["~/photos", /received '~\/photos', with ~ as it stands/],
    ["~user/photos", /received '~user\/photos', with ~ as it stands/],
    [
      "-",
      /received '-' \(standard input or output\)\. elegant reads and writes files: name one, or write \.\/- for this name\.$/m,
    ],
    ["", /received an empty text\. A shell variable may be unset: name a file or folder\.$/m],
  ];
  for (const [word, message] of odd) {
    it(`names '${word}' for what it is, wherever a path belongs`, async () => {
      for (const [name, args] of [
        ["PHOTO", ["align", word, "--out", "d"]],
        ["--out", ["align", "a.png", `--out=${word}`]],
        ["OUT", ["preprocess", "src", word]],
        ["DIR", ["synth", word]],
        ["--input", "swap --model m --attribute A --reference r --out d --input a.png".split(" ").concat(word)],
        ["--save-stats", ["fid", "real", `--save-stats=${word}`]],
        ["PATH", ["merge", word]],
        ["DATA", ["train", word, "--attributes", "A", "--out", "run"]],
      ] as const) {
        await assert.rejects(createProgram(COMMANDS).parseAsync(["node", "elegant", ...args]), (error) => {
          assert.ok(error instanceof InputError, String(error));
          assert.match(error.message, message);
          assert.ok(
            error.message.startsWith(`${name}: expected the path of a file or folder, received `),
            error.message,
          );
          return true;
        });
      }
    });
  }

  it("names a URL in NAME=DIR, too", async () => {
    await assert.rejects(
      createProgram(COMMANDS).parseAsync(["node", "elegant", "table", "data", "--pictures", "other=s3://x/y"]),
      {
        name: "InputError",
        message: /^--pictures: expected the path of a file or folder, received the URL 's3:\/\/x\/y'/,
      },
    );
  });

  it("makes no folder of the name of a URL", () =>
    withFolder(async (dir) => {
      for (const args of [
        ["synth", "https://host/x"],
        ["align", "a.png", "--out", "~/x"],
      ]) {
        const ended = await runNode(fromRoot("bin/elegant.js"), args, false, [], dir);
        assert.deepEqual([ended.code, ended.stdout], [2, ""]);
        assertOneLine(ended.stderr, /^elegant: (DIR|--out): expected the path of a file or folder, received /);
        assert.deepEqual(await readdir(dir), []);
      }
    }));

  it("takes files whose names look odd when they are there", () =>
    withFolder(async (dir) => {
      await writeFile(join(dir, "~"), "no picture");
      await writeFile(join(dir, "a*.jpg"), "no picture");
      const ended = await runNode(fromRoot("bin/elegant.js"), ["align", "~", "a*.jpg", "--out", "d"], false, [], dir);
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, /Warning: ~: .*\nWarning: a\*\.jpg: /);
    }));
});

describe("command frame", () => {
  it("keeps stdout for the JSON object and puts everything else on stderr", async () => {
    const { code, stdout, stderr } = await fixture("fine", "--json", "--seed", "7");
    assert.equal(code, 0);
    assert.equal(stdout, '{"seed":7}\n');
    assert.match(stderr, /^a line for people\nCount: 2\/2 items.*\n$/);
  });

  it("prints for people on stdout without --json", async () => {
    const { code, stdout, stderr } = await fixture("fine");
    assert.deepEqual([code, stdout], [0, "a line for people\n"]);
    assert.match(stderr, /^Count: 2\/2 items/);
  });

  const endings: readonly (readonly [string, string, number, RegExp])[] = [
    ["wrong input", "wrong", 2, /^elegant: size: expected a power of two, received 100\. Choose 64, 128 or 256\.\n$/m],
    ["a failure worth retrying", "full", 4, /^elegant: Cannot write 'x': no space left\./m],
    ["an interruption", "stopped", 130, /^elegant: Interrupted at step 7/m],
  ];
  for (const [what, command, exitCode, message] of endings) {
    it(`reports ${what} in one line, without a stack, and exits with ${exitCode}`, async () => {
      const { code, stdout, stderr } = await fixture(command, "--json");
      assert.deepEqual([code, stdout], [exitCode, ""]);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /);
    });
  }

  it("exits with 3 when some items failed", async () => {
    assert.equal((await fixture("partial")).code, 3);
  });

  it("owns up to a fault of its own, says how to report it, and exits with 1", async () => {
    const { code, stdout, stderr } = await fixture("crash", "--json");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /elegant: internal error: TypeError: weights is undefined\n {4}at /);
    assert.match(stderr, /Please report .* 'elegant doctor --json'/);
  });

  it("finishes its work when the reader of its output goes away", async () => {
    const { code, stderr } = await runNode(fromRoot("dist/test/support/cli-fixture.js"), ["flood"], true);
    assert.deepEqual([code, stderr], [0, "finished\n"]);
  });
});
