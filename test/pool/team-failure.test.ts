/** Teams whose helper threads do not start, end early or do not answer. */
import assert from "node:assert/strict";
import { announce, closeSeats, controlViews, join, leave, PENDING } from "../../src/pool/team/protocol.js";
import { fromRoot, runNode } from "../support/spawn.js";

describe("a team whose helper threads fail", () => {
  for (const [what, warning] of [
    ["throws", /helper [12] \(Error: no helper today\)\. The work continues with one thread/],
    ["exits", /helper [12] \(exit code 3\)\. The work continues with one thread/],
    ["cannot be loaded", /helper [12] \(Error: Cannot find module/],
    ["never begins", /^$/],
  ] as const) {
    it(`does their work and says so: a helper that ${what}`, async () => {
      const { code, stdout, stderr } = await runNode(fromRoot("dist/test/support/broken-helpers.js"), [what]);
      assert.deepEqual([code, stdout], [0, "right\n"], stderr);
      assert.match(stderr, warning);
    });
  }

  it("fails with what to do, and does not wait for ever, when a helper ends in the midst of its work", async () => {
    const { code, stdout, stderr } = await runNode(fromRoot("dist/test/support/broken-helpers.js"), ["is lost"]);
    assert.equal(code, 0, stderr);
    const expected =
      "expected an answer of each helper thread within 120 seconds, received none. Run the command again";
    assert.match(stdout, new RegExp(`^RetryableError: team: kernel adam: ${expected}`));
  });

  it("counts no helper in when the work is over, and every one that has joined out", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const control = controlViews(memory);
    const { words } = control;
    assert.equal(join(control), false, "before any work");
    announce(control, 3);
    assert.ok(join(control) && join(control));
    closeSeats(control);
    assert.equal(join(control), false, "after the work was closed");
    leave(control);
    leave(control);
    assert.equal(Atomics.load(words, PENDING), 0);
  });
});
