/** CelebA's three lists in their canonical form and in the variants that are in use. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  formatAttributes,
  formatLandmarks,
  formatPartition,
  OPEN,
  readAttributes,
  readLandmarks,
  readPartition,
  selectRows,
} from "../../src/dataset/lists.js";
import { InputError } from "../../src/errors.js";
import { withFolder } from "../support/pictures.js";
import { sharedPath } from "../support/shared.js";

/** Reads `text` as a list of the given kind. */
async function read<T>(reader: (path: string) => Promise<T>, text: string): Promise<T> {
  return withFolder(async (dir) => {
    const path = join(dir, "list.txt");
    await writeFile(path, text);
    return reader(path);
  });
}

function refused(reader: (path: string) => Promise<unknown>, text: string, words: RegExp): Promise<void> {
  return assert.rejects(read(reader, text), (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, words);
    return true;
  });
}

const CANONICAL = "2\r\nBangs Male Smiling\r\n000001.jpg -1  1 -1\r\n000002.jpg  1 -1  1\r\n";

describe("dataset/lists", () => {
  it("reads the canonical form and its variants in the wild to the same table", async () => {
    const expected = await read(readAttributes, CANONICAL);
    assert.deepEqual(expected.names, ["Bangs", "Male", "Smiling"]);
    assert.deepEqual(expected.files, ["000001.jpg", "000002.jpg"]);
    assert.deepEqual([...expected.values], [0, 1, 0, 1, 0, 1]);
    const variants = {
      LF: CANONICAL.replaceAll("\r\n", "\n"),
      "no count": CANONICAL.slice(3),
      "byte order mark": `\uFEFF${CANONICAL}`,
      "file column named": CANONICAL.replace("Bangs", "image_id Bangs"),
      "extra header": CANONICAL.replace("Bangs Male", "CelebA attributes, aligned and cropped pictures\r\nBangs Male"),
      "CSV with 0/1": "image_id,Bangs,Male,Smiling\n000001.jpg,0,1,0\n000002.jpg,1,0,1\n",
      "tabs, blank end": `${CANONICAL.replace(/ +/g, "\t")}\r\n\r\n`,
      "no last line end": CANONICAL.trimEnd(),
    };
    for (const [name, text] of Object.entries(variants)) {
      const table = await read(readAttributes, text);
      assert.deepEqual({ ...table, values: [...table.values] }, { ...expected, values: [...expected.values] }, name);
    }
  });

  it("refuses other files with the line, what was expected and what to do", async () => {
    await refused(readAttributes, "<!DOCTYPE html>\n<html></html>", /line 1: expected a list .* download page/);
    await refused(
      readAttributes,
      CANONICAL.replace("2\r", "3\r"),
      /line 1: expected the number of rows \(2\), received '3'/,
    );
    await refused(
      readAttributes,
      CANONICAL.replace("000002", "000001"),
      /line 4: expected a file that line 3 does not name/,
    );
    await refused(readAttributes, CANONICAL.replace("1 -1  1", "1 -1"), /line 4: expected a file name and 3 numbers/);
    await refused(
      readAttributes,
      CANONICAL.replace("1 -1  1", "1 x 1"),
      /line 4: expected a number in column 3, received 'x'/,
    );
    await refused(readAttributes, CANONICAL.replace("-1  1 -1", "-1  x  1"), /line 3: .*received 'x'/);
    await refused(
      readAttributes,
      CANONICAL.replace("1 -1  1", "1 -1  2"),
      /line 4: expected 1, -1, or 0 for open, for Smiling/,
    );
    const unsigned = "Bangs Male\na.jpg 0 1\nb.jpg 1 0.25\n";
    await refused(readAttributes, unsigned, /line 3: expected 1, 0, or 0\.5 for open, for Male/);
    await refused(
      readAttributes,
      CANONICAL.replace("Bangs Male", "Bangs"),
      /line 2: expected 3 column names.* received '2 words'/,
    );
    await refused(readAttributes, CANONICAL.replace("Male", "Bangs"), /expected different attribute names/);
    await refused(readAttributes, "a.jpg 1 -1\n", /expected a header with the attributes' names/);
    await refused(readAttributes, "", /expected lines of a file name and numbers, received none/);
    for (const name of ["../x.jpg", "a/../../x.jpg", "/etc/x.jpg", "..\\x.jpg", "C:x.jpg"]) {
      await refused(readAttributes, CANONICAL.replace("000002.jpg", name), /line 4: expected a file name within/);
    }
    await refused(readLandmarks, CANONICAL, /line 3: expected a file name and ten numbers/);
    await refused(readPartition, "a.jpg 0\nb.jpg 3\n", /line 2: expected 0 \(training\)/);
    await assert.rejects(readPartition("/nowhere/list.txt"), /Reading the list \/nowhere\/list\.txt: ENOENT/);
  });

  it("writes what it reads, and CelebA's own form byte for byte", async () => {
    const attributes = await read(readAttributes, CANONICAL);
    assert.equal(formatAttributes(attributes), CANONICAL);
    const partition = await read(readPartition, "a.jpg 0\nb.jpg 2\n");
    assert.equal(formatPartition(partition), "a.jpg 0\r\nb.jpg 2\r\n");
    const landmarks = await read(readLandmarks, "a.jpg 1 2 3 4 5 6 7 8 9 10.4\nbb.jpg 1 2 3 4 5 6 7 8 9 -3\n");
    const again = await read(readLandmarks, formatLandmarks(landmarks));
    assert.deepEqual([...again.values], [...landmarks.values].map(Math.round));
    const chosen = selectRows(attributes, [1]);
    assert.deepEqual([chosen.files, [...chosen.values]], [["000002.jpg"], [1, 0, 1]]);
  });

  it("reads 0 as an open label in a list with -1, and 0.5 in any list", async () => {
    const labels = async (text: string): Promise<number[]> => [...(await read(readAttributes, text)).values];
    assert.deepEqual(await labels("Bangs Male\na.jpg 0 1\nb.jpg 1 -1\n"), [OPEN, 1, 1, 0]);
    assert.deepEqual(await labels("Bangs Male\na.jpg 0.5 1\nb.jpg 1 -1\n"), [OPEN, 1, 1, 0]);
    assert.deepEqual(await labels("Bangs Male\na.jpg 0 1\nb.jpg 1 0.5\n"), [0, 1, 1, OPEN]);
    assert.deepEqual(await labels("Bangs Male\na.jpg 0.5 1\nb.jpg 1 1\n"), [OPEN, 1, 1, 1]);
  });

  it("writes every mixture of labels so that it is read back", async () => {
    const kinds = [1, 0, OPEN];
    const pairs = kinds.flatMap((a) => kinds.map((b) => [a, b]));
    for (const values of pairs.flatMap((own) => pairs.map((other) => [...own, ...other]))) {
      const table = { names: ["Bangs", "Male"], files: ["a.jpg", "b.jpg"], values: Int8Array.from(values) };
      const again = await read(readAttributes, formatAttributes(table));
      assert.deepEqual([...again.values], values, formatAttributes(table));
    }
  });

  it("accepts or refuses the lists found in the wild", async function () {
    const dir = sharedPath("faces/odd-lists");
    if (dir === null) this.skip();
    for (const [file, columns] of [
      ["no-count-line.txt", 40],
      ["zero-one.csv", 40],
      ["other-attributes.txt", 89],
    ] as const) {
      const { names, files, values } = await readAttributes(join(dir, file));
      assert.equal(names.length, columns, file);
      assert.equal(values.length, files.length * columns);
    }
    await assert.rejects(readAttributes(join(dir, "html-page.txt")), /html-page\.txt, line 2: .*download page/);
    await assert.rejects(
      readAttributes(join(dir, "count-too-large.txt")),
      /line 1: expected the number of rows \(58\)/,
    );
  });
});
