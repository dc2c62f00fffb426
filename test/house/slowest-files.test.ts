/** The table of slow files that each run of the tests prints. */
import assert from "node:assert/strict";
import { describeSlowest } from "../support/slowest-files.js";

describe("the slowest test files", () => {
  it("are summed up over their tests and hooks, the slowest first, ten at most", () => {
    const test = (file: string, duration: number) => ({ type: "test", file, duration }) as const;
    const many = Array.from({ length: 12 }, (_, i) => test(`/root/${i}.js`, i));
    const lines = describeSlowest(
      [...many, test("/root/a/slow.js", 1500), { type: "hook", file: "/root/a/slow.js", duration: 750 }],
      "/root",
    );
    assert.equal(lines.length, 10);
    assert.match(lines[0], /^ +2\.3 s +1 tests {2}a\/slow\.js$/);
    assert.match(lines[1], / 11\.js$/);
  });
});
