/** The table of slow files that `npm test` prints, and the order in which it runs the files. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { describeSlowest } from "../support/slowest-files.js";
import { fromRoot } from "../support/spawn.js";

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

  it("exist and are run once, before the others", () => {
    const { spec } = createRequire(import.meta.url)(fromRoot(".mocharc.cjs")) as { readonly spec: readonly string[] };
    assert.equal(new Set(spec).size, spec.length);
    assert.deepEqual(
      spec.filter((file) => !existsSync(fromRoot(file))),
      [],
    );
  });
});
