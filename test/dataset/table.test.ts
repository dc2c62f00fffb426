/** Lists written by pandas and spreadsheets. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readAttributes, readLandmarks, readPartition } from "../../src/dataset/lists.js";
import { InputError } from "../../src/errors.js";
import { withFolder } from "../support/pictures.js";

async function read<T>(reader: (path: string) => Promise<T>, bytes: string | Uint8Array): Promise<T> {
  return withFolder(async (dir) => {
    const path = join(dir, "list.csv");
    await writeFile(path, bytes);
    return reader(path);
  });
}

function refused(reader: (path: string) => Promise<unknown>, bytes: string | Uint8Array, words: RegExp): Promise<void> {
  return assert.rejects(read(reader, bytes), (error) => error instanceof InputError && words.test(error.message));
}

function utf16(text: string, { big = false, mark = true } = {}): Buffer {
  const bytes = Buffer.from((mark ? "\uFEFF" : "") + text, "utf16le");
  return big ? bytes.swap16() : bytes;
}

const PLAIN = "image_id,Bangs,Male\n0.png,1,-1\n1.png,-1,1\n2.png,1,1\n";

describe("lists of other programs", () => {
  it("give the same table as CelebA's, however pandas or a spreadsheet wrote them", async () => {
    const expected = await read(readAttributes, PLAIN);
    assert.deepEqual(
      [expected.names, expected.files],
      [
        ["Bangs", "Male"],
        ["0.png", "1.png", "2.png"],
      ],
    );
    assert.deepEqual([...expected.values], [1, 0, 0, 1, 1, 1]);
    const variants: Readonly<Record<string, string | Uint8Array>> = {
      quotes: '"image_id","Bangs","Male"\n"0.png","1","-1"\n"1.png","-1","1"\n"2.png","1","1"\n',
      "an index column": ",image_id,Bangs,Male\n0,0.png,1,-1\n1,1.png,-1,1\n2,2.png,1,1\n",
      "an index column that was saved twice":
        "Unnamed: 0.1,Unnamed: 0,image_id,Bangs,Male\n0,0,0.png,1,-1\n1,1,1.png,-1,1\n2,2,2.png,1,1\n",
      "an index column without a header for it": "0,0.png,1,-1\n1,1.png,-1,1\n2,2.png,1,1\n".replace(
        /^/,
        "Bangs,Male\n",
      ),
      "the name behind the values": "Bangs,Male,image_id\n1,-1,0.png\n-1,1,1.png\n1,1,2.png\n",
      booleans: "image_id,Bangs,Male\n0.png,True,False\n1.png,False,True\n2.png,TRUE,true\n",
      floats: "image_id,Bangs,Male\n0.png,1.0,0.0\n1.png,0.0,1.0\n2.png,1.0,1.0\n",
      "semicolons and decimal commas": "image_id;Bangs;Male\n0.png;1,0;0,0\n1.png;0,0;1,0\n2.png;1,0;1,0\n",
      "Excel's first line": `sep=;\r\n${PLAIN.replaceAll(",", ";").replaceAll("\n", "\r\n")}`,
      tabs: PLAIN.replaceAll(",", "\t"),
      "spaces around": PLAIN.replaceAll(",", " , "),
      "CR alone": PLAIN.replaceAll("\n", "\r"),
      "CR alone, in CelebA's form": "3\rBangs Male\r0.png 1 -1\r1.png -1 1\r2.png 1 1\r",
      "blank lines and a Ctrl-Z": `${PLAIN}\r\n  \n\x1a\n`,
      "empty rows of a sheet": `${PLAIN},,\n,,\n`,
      "a byte order mark": `\uFEFF${PLAIN}`,
      "UTF-16": utf16(PLAIN),
      "UTF-16, big-endian": utf16(PLAIN, { big: true }),
      "UTF-16 without a mark": utf16(PLAIN, { mark: false }),
      "UTF-16 in CelebA's form": utf16("3\r\nBangs Male\r\n0.png 1 -1\r\n1.png -1 1\r\n2.png 1 1\r\n"),
      "separators at the ends of lines": PLAIN.replaceAll("\n", ",\n"),
    };
    for (const [name, bytes] of Object.entries(variants)) {
      const table = await read(readAttributes, bytes);
      assert.deepEqual({ ...table, values: [...table.values] }, { ...expected, values: [...expected.values] }, name);
    }
  });

  it("may have spaces and commas in names, and spaces in attributes, which CelebA writes as _", async () => {
    const spaces = ["my photo 0.png", "a  b.c.jpg", "plain.jpg"];
    for (const text of [
      `image_id,Wearing Hat,Male\n${spaces.map((name) => `${name},1,-1\n`).join("")}`,
      `"image_id"\t"Wearing Hat"\tMale\n${spaces.map((name) => `${name}\t1\t-1\n`).join("")}`,
      `3\nWearing_Hat Male\n${spaces.map((name) => `${name}   1 -1\n`).join("")}`,
    ]) {
      const { names, files } = await read(readAttributes, text);
      assert.deepEqual([names, files], [["Wearing_Hat", "Male"], spaces]);
    }
    const quoted = await read(readAttributes, 'image_id,Bangs\n"Doe, Jane.png",1\nb.png,0\n');
    assert.deepEqual(quoted.files, ["Doe, Jane.png", "b.png"]);
  });

  it("of landmarks and parts are read by the same rules", async () => {
    const points = await read(
      readLandmarks,
      '"","image_id","a","b","c","d","e","f","g","h","i","j"\n"0","x.jpg",1,2,3,4,5,6,7,8,9,10.5\n',
    );
    assert.deepEqual([points.files, [...points.values]], [["x.jpg"], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10.5]]);
    const parts = await read(readPartition, "image_id;partition\r\na.jpg;0\r\nb.jpg;2\r\n");
    assert.deepEqual(
      [parts.files, [...parts.values]],
      [
        ["a.jpg", "b.jpg"],
        [0, 2],
      ],
    );
    assert.deepEqual((await read(readPartition, "my photo.jpg 0\nb.jpg 2\n")).files, ["my photo.jpg", "b.jpg"]);
  });

  it("are refused with the line and the column, or as what they are", async () => {
    await refused(
      readAttributes,
      PLAIN.replace("1.png,-1", "1.png,"),
      /line 3: .*column 2 \(Bangs\), received an empty cell/,
    );
    await refused(
      readAttributes,
      PLAIN.replace("2.png,1,1", "2.png,1,"),
      /line 4: .*column 3 \(Male\), received an empty cell/,
    );
    await refused(
      readAttributes,
      PLAIN.replace("1.png,-1", "1.png,yes"),
      /line 3: expected a number in column 2, received 'yes'/,
    );
    await refused(
      readAttributes,
      PLAIN.replace("0.png,1,-1", "0.png,x,y"),
      /line 2: expected a file name and numbers, received 'x'/,
    );
    await refused(
      readAttributes,
      PLAIN.replace("1.png,-1,1", "1.png,-1"),
      /line 3: expected a file name and 2 numbers, received '1\.png,-1'/,
    );
    await refused(
      readAttributes,
      PLAIN.replace("1.png,-1", '"1.png,-1'),
      /line \d: expected cells with matching quotes/,
    );
    await refused(
      readLandmarks,
      "a.jpg 1 2 3 4 5 6 7 8 9 10\nb.jpg 1 2 nan 4 5 6 7 8 9 10\n",
      /line 2: expected a number in column 4, received 'nan'/,
    );
    await refused(
      readAttributes,
      Buffer.from(PLAIN.replace("0.png", "Jos\xe9.png"), "latin1"),
      /expected text in UTF-8 or UTF-16/,
    );
    await refused(
      readAttributes,
      Buffer.from("PK\x03\x04 workbook", "latin1"),
      /received an Excel workbook or a zip archive/,
    );
    await refused(readAttributes, Buffer.from([0x1f, 0x8b, 8, 0]), /received a gzip file/);
    await refused(
      readAttributes,
      "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
      /received a Git LFS pointer/,
    );
    await refused(readAttributes, " \r\n\x1a", /expected lines of a file name and numbers, received none/);
  });
});
