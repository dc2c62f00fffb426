/** Listing the photos of tar files by their headers: all forms of names and sizes, damage, and hostile members. */
import assert from "node:assert/strict";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readTarHeaders } from "../../src/dataset/tar-headers.js";
import { readTarPhotos } from "../../src/dataset/tar-photos.js";
import { scanTar } from "../../src/dataset/tars.js";
import { InputError } from "../../src/errors.js";
import { withFolder } from "../support/folder.js";
import { type TarEntry, tarOf } from "../support/packed.js";

const BLOCK = 512;

/** A header block, with its checksum, for forms that no library writes. */
function header(name: string, size: number | string | Uint8Array, type = "0", prefix = ""): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  if (size instanceof Uint8Array) block.set(size, 124);
  else block.write(typeof size === "number" ? size.toString(8).padStart(11, "0") : size, 124);
  block.write(type, 156);
  block.write("ustar\0" + "00", 257);
  block.write(prefix, 345);
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function padded(bytes: Uint8Array | string): Buffer {
  const body = Buffer.from(bytes);
  return Buffer.concat([body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]);
}

const END = Buffer.alloc(2 * BLOCK);
const plain: readonly TarEntry[] = [
  { name: "000000012.jpg", bytes: "first photo" },
  { name: "000000012.txt", bytes: "a caption" },
  { name: "000000012.json", bytes: "{}" },
  { name: "000000013.jpg", bytes: "x".repeat(1000) },
];

describe("the photos of tar files", () => {
  /** Writes the bytes to a.tar and lists it. */
  const listed = (bytes: Uint8Array, body: (path: string) => Promise<void>): Promise<void> =>
    withFolder(async (dir) => {
      const path = join(dir, "a.tar");
      await writeFile(path, bytes);
      await body(path);
    });

  it("are the members with an image's ending, named by the tar file and the member", async () => {
    const bytes = await tarOf([{ name: "./z.png", bytes: "z" }, ...plain, { name: "._a.jpg", bytes: "macOS" }]);
    await listed(bytes, async (path) => {
      const { names, ranges, notRead } = await readTarPhotos([path]);
      assert.deepEqual(names, ["a/000000012.jpg", "a/000000013.jpg", "a/z.png"]);
      assert.deepEqual(notRead, []);
      const { range, name } = ranges.get("a/000000012.jpg") as {
        range: { offset: number; length: number };
        name: string;
      };
      assert.equal(name, "000000012.jpg");
      assert.equal(bytes.subarray(range.offset, range.offset + range.length).toString(), "first photo");
    });
  });

  it("have the ranges that tar-stream finds, with long names in pax headers", async () => {
    const long = `${"deep/".repeat(40)}photo.jpg`;
    const accented = `${"é".repeat(80)}.png`;
    const bytes = await tarOf([...plain, { name: long, bytes: "long" }, { name: accented, bytes: "accented" }]);
    await listed(bytes, async (path) => {
      const members = readTarHeaders(path).filter(({ name }) => /jpg|png/.test(name));
      const { samples } = await scanTar(path);
      assert.deepEqual(
        members.map(({ name, offset, length }) => ({ name, offset, length })),
        samples.map(({ key, extension, offset, length }) => ({ name: `${key}.${extension}`, offset, length })),
      );
      assert.equal(members.at(-2)?.name, long);
    });
  });

  it("may have GNU's long names, a prefix, sizes in either form, and headers of other kinds between them", async () => {
    const long = `${"d".repeat(150)}.jpg`;
    const size = Buffer.alloc(12);
    size[0] = 0x80;
    size[11] = 5;
    const pax = (text: string): Buffer => padded(`${text.length + 4} ${text}\n`);
    const bytes = Buffer.concat([
      ...[header("././@LongLink", long.length + 1, "L"), padded(`${long}\0`), header("short", 3), padded("one")],
      ...[header("two.jpg", size, "0", "folder"), padded("two!!")],
      ...[header("x", 16, "g"), pax("comment=hi")],
      ...[header("link.jpg", 700, "2"), header("folder.jpg/", 0, "5"), header("old.jpg/", 0)],
      ...[header("three.png", "5", "\0"), padded("three"), END],
    ]);
    await listed(bytes, async (path) => {
      const contents = readTarHeaders(path).map(({ name, offset, length }) => [
        name,
        bytes.subarray(offset, offset + length).toString(),
      ]);
      assert.deepEqual(contents, [
        [long, "one"],
        ["folder/two.jpg", "two!!"],
        ["three.png", "three"],
      ]);
    });
  });

  it("take the last of several members of one name, and say so", async () => {
    const bytes = await tarOf([{ name: "b.jpg", bytes: "old" }, ...plain, { name: "b.jpg", bytes: "newer" }]);
    await listed(bytes, async (path) => {
      const warnings: string[] = [];
      const { names, ranges } = await readTarPhotos([path], { onWarning: (line) => warnings.push(line) });
      assert.equal(names.length, 3);
      assert.equal(ranges.get("a/b.jpg")?.range?.length, 5);
      assert.match(
        warnings.join(),
        /a\.tar: 1 name occurs more than once; the last photo of a name counts .* a\/b\.jpg/,
      );
    });
  });

  it("are refused if the tar file is damaged, cut short or something else", async () => {
    const whole = await tarOf(plain);
    const refused = (bytes: Uint8Array, expected: RegExp): Promise<void> =>
      listed(bytes, async (path) => {
        await assert.rejects(readTarPhotos([path]), (error) => {
          assert.ok(error instanceof InputError, String(error));
          assert.match(error.message, expected);
          assert.match(error.message, /a\.tar: .*expected .*, received .*\. /);
          return true;
        });
      });
    await refused(Buffer.from("<html>".repeat(200)), /byte 0: .*received another kind of file/);
    await refused(whole.subarray(0, 4 * BLOCK + 100), /byte 2048: .*received the end of the file/);
    await refused(whole.subarray(0, 8 * BLOCK), /received an entry of 1000 bytes, of which 512 are there/);
    const flipped = Buffer.from(whole);
    flipped[2 * BLOCK + 3] ^= 1;
    await refused(flipped, /byte 1024: .*received damaged bytes/);
    await refused(Buffer.concat([header("a.jpg", "none"), END]), /received a size that is no number of bytes/);
    const huge = Buffer.alloc(12, 0xff);
    await refused(Buffer.concat([header("a.jpg", huge), END]), /received a size that is no number of bytes/);
    huge[0] = 0x80;
    await refused(Buffer.concat([header("a.jpg", huge), END]), /received a size that is no number of bytes/);
    const eightGigabytes = Buffer.concat([header("a.jpg", "77777777777"), END]);
    await refused(eightGigabytes, /received an entry of 8589934591 bytes, of which 1024 are there/);
    const notes = Buffer.concat([header("x", 5, "x"), padded("99 a="), header("b.jpg", 0), END]);
    await refused(notes, /received damaged attributes/);
  });

  it("do not leave their folder, whatever their names", async () => {
    for (const [name, problem] of [
      ["/etc/a.jpg", "it is absolute"],
      ["../a.jpg", "'..' leaves its place"],
      ["b/../../a.jpg", "'..' leaves its place"],
      ["b\\..\\a.jpg", "it holds a backslash"],
      ["nul.jpg", "'nul.jpg' is a device's name on Windows"],
      ["a\nb.jpg", "it holds a control character"],
    ]) {
      const bytes = Buffer.concat([header(name, 1), padded("x"), END]);
      await listed(bytes, async (path) => {
        await assert.rejects(readTarPhotos([path]), (error: Error) => error.message.includes(problem), name);
      });
    }
  });

  it("may lack the end of the archive, as after an interrupted append", async () => {
    const whole = await tarOf(plain);
    await listed(whole, async (path) => {
      await truncate(path, whole.length - 2 * BLOCK);
      assert.equal((await readTarPhotos([path])).names.length, 2);
    });
  });
});
