/** The font's marks, widths and line breaks. */
import assert from "node:assert/strict";
import { CAPITAL_UNITS, drawText, textWidth, wrapText } from "../../src/sheet/font.js";
import type { RgbaImage } from "../../src/types.js";

function paper(width: number, height: number): RgbaImage {
  return { width, height, data: new Uint8ClampedArray(width * height * 4).fill(255) };
}

/** Rows with '#' where a pixel is dark. */
function ink(image: RgbaImage): string[] {
  return Array.from({ length: image.height }, (_, y) =>
    Array.from({ length: image.width }, (_, x) => (image.data[(y * image.width + x) * 4] < 128 ? "#" : ".")).join(""),
  );
}

describe("font", () => {
  it("draws the marks of its grid at one pixel a unit", () => {
    const image = paper(5, 7);
    drawText(image, "F", { left: 0, top: 0, unit: 1 }, [0, 0, 0]);
    assert.deepEqual(ink(image), ["#####", "#....", "#....", "####.", "#....", "#....", "#...."]);
  });

  it("has a distinct picture for every printable character", () => {
    const seen = new Map<string, string>();
    for (let code = 0x21; code < 0x7f; code++) {
      const image = paper(20, 20);
      drawText(image, String.fromCharCode(code), { left: 2, top: 0, unit: 2 }, [0, 0, 0]);
      const picture = ink(image).join("");
      assert.ok(picture.includes("#"), `character ${code} is visible`);
      assert.equal(seen.get(picture), undefined, `character ${code} looks like another`);
      seen.set(picture, String.fromCharCode(code));
    }
  });

  it("fills exactly the width it measures", () => {
    const image = paper(200, 30);
    drawText(image, "Hh", { left: 0, top: 0, unit: 3 }, [0, 0, 0]);
    const right = Math.max(...ink(image).map((row) => row.lastIndexOf("#")));
    assert.ok(Math.abs(right + 1 - textWidth("Hh", 3)) <= 1);
    const bottom = ink(image).findLastIndex((row) => row.includes("#"));
    assert.ok(Math.abs(bottom + 1 - 3 * CAPITAL_UNITS) <= 1);
  });

  it("stays inside the picture", () => {
    const image = paper(10, 6);
    drawText(image, "WWW", { left: -4, top: -3, unit: 2 }, [0, 0, 0]);
    assert.equal(image.data.length, 10 * 6 * 4);
    assert.ok(ink(image).some((row) => row.includes("#")));
  });

  it("shows a question mark for characters that it does not have", () => {
    const [unknown, mark] = [paper(8, 10), paper(8, 10)];
    drawText(unknown, "é", { left: 0, top: 0, unit: 1 }, [0, 0, 0]);
    drawText(mark, "?", { left: 0, top: 0, unit: 1 }, [0, 0, 0]);
    assert.deepEqual(unknown.data, mark.data);
  });

  it("breaks lines at spaces and cuts words that are too long", () => {
    assert.deepEqual(wrapText("swapped: input + bangs", textWidth("swapped: input", 1), 1), [
      "swapped: input",
      "+ bangs",
    ]);
    assert.deepEqual(wrapText("", 10, 1), []);
    const [cut] = wrapText("Wearing_Necktie", 40, 1);
    assert.match(cut, /^Wear\w*\.\.$/);
    assert.ok(textWidth(cut, 1) <= 40);
  });
});
