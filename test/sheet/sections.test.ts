/** Sheets with titles: where the parts are, and that nothing of them is lost. */
import assert from "node:assert/strict";
import { composeSections } from "../../src/sheet/sections.js";
import { composeSheet } from "../../src/sheet/sheet.js";
import type { RgbaImage } from "../../src/types.js";

const plain = (side: number, red: number): RgbaImage => {
  const data = Uint8Array.from({ length: side * side * 4 }, (_, i) => [red, 0, 0, 255][i % 4]);
  return { width: side, height: side, data };
};

/** Rows of an image from `top`, as bytes. */
const cut = ({ width, data }: RgbaImage, top: number, height: number, columns: number): number[] =>
  Array.from({ length: height }, (_, y) => [
    ...data.subarray((top + y) * width * 4, ((top + y) * width + columns) * 4),
  ]).flat();

describe("sections of contact sheets", () => {
  it("are below each other, each as composed alone, under their titles", () => {
    const rows = [[[plain(40, 200), plain(40, 90)]], [[plain(30, 10)]]];
    const [first, second] = rows.map((each) => composeSheet(each));
    const whole = composeSections([
      { title: "a", rows: rows[0] },
      { title: "b", rows: rows[1] },
    ]);
    const title = (whole.height - first.height - second.height) / 2;
    assert.equal(title, 38); // one line of 22 pixels and margins of 8
    assert.equal(whole.width, first.width);
    assert.deepEqual(cut(whole, title, first.height, first.width), [...first.data]);
    assert.deepEqual(cut(whole, 2 * title + first.height, second.height, second.width), [...second.data]);
    const isDark = (top: number): boolean => cut(whole, top, title, whole.width).some((value) => value < 60);
    assert.ok(isDark(0) && isDark(title + first.height), "both titles are drawn");
  });

  it("break a long title into lines, and need none", () => {
    const rows = [[plain(60, 1)]];
    const sheet = composeSheet(rows);
    const heightOf = (title: string): number => composeSections([{ title, rows }]).height - sheet.height;
    assert.deepEqual([heightOf(""), heightOf("a"), heightOf("aaaa aaaa aaaa")], [16, 38, 82]);
  });
});
