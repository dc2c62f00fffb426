/** The layout of contact sheets, checked at single pixels. */
import assert from "node:assert/strict";
import { InputError } from "../../src/errors.js";
import { composeSheet, layOutSheet } from "../../src/sheet/sheet.js";
import type { RgbaImage } from "../../src/types.js";

function flat(width: number, height: number, color: readonly [number, number, number, number]): RgbaImage {
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < data.length; i += 4) data.set(color, i);
  return { width, height, data };
}

const RED = flat(10, 10, [255, 0, 0, 255]);
const BLUE = flat(10, 10, [0, 0, 255, 255]);

function pixel(image: RgbaImage, x: number, y: number): number[] {
  return [...image.data.subarray((y * image.width + x) * 4, (y * image.width + x) * 4 + 4)];
}

describe("contact sheet", () => {
  it("places pictures in rows with gaps between and around", () => {
    const sheet = composeSheet([[RED, BLUE], [BLUE]], { gap: 2, background: [9, 9, 9] });
    assert.deepEqual([sheet.width, sheet.height], [26, 26]);
    assert.deepEqual(pixel(sheet, 2, 2), [255, 0, 0, 255]);
    assert.deepEqual(pixel(sheet, 11, 11), [255, 0, 0, 255]);
    assert.deepEqual(pixel(sheet, 12, 2), [9, 9, 9, 255]);
    assert.deepEqual(pixel(sheet, 14, 2), [0, 0, 255, 255]);
    assert.deepEqual(pixel(sheet, 2, 14), [0, 0, 255, 255]);
    assert.deepEqual(pixel(sheet, 20, 20), [9, 9, 9, 255]); // the empty place of the short row
  });

  it("centres a small picture in its place", () => {
    const sheet = composeSheet([[RED], [flat(4, 4, [0, 0, 255, 255])]], { gap: 0 });
    assert.deepEqual([sheet.width, sheet.height], [10, 14]);
    assert.deepEqual(pixel(sheet, 2, 11), [255, 255, 255, 255]);
    assert.deepEqual(pixel(sheet, 3, 11), [0, 0, 255, 255]);
  });

  it("enlarges every picture by the scale", () => {
    const sheet = composeSheet([[RED, BLUE]], { gap: 1, scale: 3 });
    assert.deepEqual([sheet.width, sheet.height], [63, 32]);
    assert.deepEqual(pixel(sheet, 30, 30), [255, 0, 0, 255]);
  });

  it("shows the background through transparent parts", () => {
    const sheet = composeSheet([[flat(2, 2, [255, 0, 0, 51])]], { gap: 0, background: [0, 100, 0] });
    assert.deepEqual(pixel(sheet, 1, 1), [51, 80, 0, 255]);
  });

  it("makes room for labels and leaves the pictures as they are", () => {
    const labels = { columns: ["input", "swapped"], rows: ["Bangs"] };
    const large = flat(96, 96, [255, 0, 0, 255]);
    const sheet = composeSheet([[large, large]], { gap: 4, labels });
    assert.ok(sheet.width > 4 + 96 + 4 + 96 + 4 + 20 && sheet.height > 4 + 96 + 4 + 8);
    const corner = [sheet.width - 4 - 1, sheet.height - 4 - 1] as const;
    assert.deepEqual(pixel(sheet, ...corner), [255, 0, 0, 255]);
    assert.deepEqual(pixel(sheet, corner[0] - 95, corner[1] - 95), [255, 0, 0, 255]);
    const red = sheet.data.filter((value, i) => i % 4 === 0 && value === 255 && sheet.data[i + 1] === 0).length;
    assert.equal(red, 2 * 96 * 96);
  });

  it("writes names below single pictures, and moves the rows below them alone", () => {
    const large = flat(96, 96, [255, 0, 0, 255]);
    const rows = [
      [large, large],
      [large, large],
    ];
    const plain = layOutSheet(rows, { gap: 4 });
    const labels = {
      cells: [
        ["0 %, input", ""],
        ["", ""],
      ],
    };
    const named = layOutSheet(rows, { gap: 4, labels });
    assert.deepEqual([named.lefts, named.tops[0], named.width], [plain.lefts, plain.tops[0], plain.width]);
    const moved = named.tops[1] - plain.tops[1];
    assert.ok(moved >= 11 && named.height === plain.height + moved, `${moved} pixels`);
    const sheet = composeSheet(rows, { gap: 4, labels });
    assert.deepEqual([sheet.width, sheet.height], [named.width, named.height]);
    const dark = (left: number): number => {
      let count = 0;
      for (let y = 100; y < named.tops[1]; y++) {
        for (let x = left; x < left + 96; x++) if (pixel(sheet, x, y)[0] < 128) count++;
      }
      return count;
    };
    assert.ok(dark(named.lefts[0]) > 40, `${dark(named.lefts[0])} dark pixels`);
    assert.equal(dark(named.lefts[1]), 0);
  });

  it("writes dark on light and light on dark", () => {
    const lightest = (background: readonly [number, number, number]): number => {
      const sheet = composeSheet([[RED]], { background, labels: { rows: ["H"] } });
      return Math.max(...sheet.data.filter((_, i) => i % 4 === 1));
    };
    assert.ok(lightest([10, 10, 10]) > 200);
    assert.equal(lightest([200, 200, 200]), 200);
  });

  it("refuses what makes no sheet", () => {
    const refused: readonly (readonly [() => unknown, RegExp])[] = [
      [() => composeSheet([]), /at least one picture, received none/],
      [() => composeSheet([[], []]), /at least one picture/],
      [() => composeSheet([[RED]], { scale: 1.5 }), /scale: expected an integer from 1, received 1.5/],
      [() => composeSheet([[RED]], { labels: { columns: ["a", "b"] } }), /column labels: expected 1, received 2/],
      [() => composeSheet([[{ ...RED, width: 9 }]]), /picture 0,0: expected 360 bytes for 9x10, received 400/],
    ];
    for (const [action, message] of refused) {
      assert.throws(action, (error) => error instanceof InputError && message.test(error.message));
    }
  });
});
