import assert from "node:assert/strict";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";

const elegant = (...args: string[]): Promise<Ended> => runNode(fromRoot("bin/elegant.js"), args);
const fixture = (...args: string[]): Promise<Ended> => runNode(fromRoot("dist/test/support/cli-fixture.js"), args);

function assertOneLine(text: string, pattern: RegExp): void {
  assert.match(text, pattern);
  assert.equal(text.split("\n").length, 2, `one line, received: ${text}`);
}

describe("command line", () => {
  it("suggests the command that was meant and exits with 2", async () => {
    const { code, stdout, stderr } = await elegant("docter");
    assert.deepEqual([code, stdout], [2, ""]);
    assertOneLine(stderr, /^elegant: unknown command 'docter' \(Did you mean doctor\?\)/);
  });

  const misused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["a word for an integer", ["--seed", "x"], /'--seed <n>'.*an integer from 0 to 4294967295, received 'x'/],
    ["a fraction for an integer", ["--workers", "1.5"], /an integer from 1 to 256, received '1\.5'/],
    ["an empty text for an integer", ["--seed", ""], /an integer from 0 to \d+, received ''/],
    ["a number out of bounds", ["--workers", "0"], /from 1 to 256, received '0'/],
    ["a device that does not exist", ["--device", "gpu"], /'gpu' is invalid.*auto, webgpu, tensorflow, wasm, cpu/],
    ["an unknown option", ["--sede", "1"], /unknown option '--sede' \(Did you mean --seed\?\)/],
    ["an option without its value", ["--seed"], /argument missing/],
    ["an argument too many", ["extra"], /too many arguments/],
  ];
  for (const [what, args, message] of misused) {
    it(`answers ${what} with one line and exits with 2`, async () => {
      const { code, stdout, stderr } = await elegant("doctor", ...args);
      assert.deepEqual([code, stdout], [2, ""]);
      assertOneLine(stderr, message);
      assert.match(stderr, /^elegant: .* Add --help for the options and an example\.\n$/);
    });
  }

  it("prints help and version on stdout and exits with 0", async () => {
    for (const args of [["--help"], ["--version"], ["doctor", "--help"], ["help", "doctor"]]) {
      const { code, stdout, stderr } = await elegant(...args);
      assert.deepEqual([code, stderr], [0, ""], args.join(" "));
      assert.match(stdout, /Usage: elegant|^\d+\.\d+\.\d+\n$/);
    }
  });

  it("shows its help when it is given nothing, and exits with 2", async () => {
    const { code, stdout, stderr } = await elegant();
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /Usage: elegant/);
  });
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
    it(`tells of ${what} in one line, without a stack, and exits with ${exitCode}`, async () => {
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
