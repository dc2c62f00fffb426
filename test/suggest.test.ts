/** Mistyped names and the names that are suggested for them. */
import assert from "node:assert/strict";
import { suggest } from "../src/suggest.js";

const KNOWN = ["Bangs", "Eyeglasses", "Male", "Wearing_Hat"];

describe("suggest", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["bangs", "Bangs"],
    ["Bnags", "Bangs"],
    ["Bang", "Bangs"],
    ["Eyeglases", "Eyeglasses"],
    ["eye-glasses", "Eyeglasses"],
    ["wearing hat", "Wearing_Hat"],
    ["Mael", "Male"],
    ["Hat", null],
    ["Smiling", null],
    ["", null],
  ];
  for (const [typed, meant] of cases) {
    it(`takes '${typed}' for ${meant ?? "nothing that is known"}`, () => {
      assert.equal(suggest(typed, KNOWN), meant);
    });
  }
});
