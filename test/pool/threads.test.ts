/** The default number of threads. */
import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands.js";
import { createProgram } from "../../src/cli/program.js";
import { defaultThreads, MOST_THREADS } from "../../src/pool/threads.js";

describe("the default number of threads", () => {
  it("is one per core, and never more than may be asked for", () => {
    assert.deepEqual([1, 2, 255, 256, 257, 512].map(defaultThreads), [1, 2, 255, 256, 256, 256]);
    assert.ok(defaultThreads() >= 1 && defaultThreads() <= MOST_THREADS);
  });

  it("is that of every command", () => {
    const defaults = createProgram(COMMANDS).commands.flatMap(({ options }) =>
      options.filter(({ long }) => long === "--workers").map(({ defaultValue }) => defaultValue),
    );
    assert.ok(defaults.length > 10);
    assert.deepEqual(new Set(defaults), new Set([defaultThreads()]));
  });
});
