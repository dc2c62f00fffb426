/** Walks through folders with hidden entries, links, pipes and images of other kinds. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../../src/errors.js";
import { describeNotRead, walkPictures } from "../../src/image/walk-pictures.js";
import { withFolder } from "../support/folder.js";

async function fill(folder: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), file);
  }
}

describe("the walk through a folder of pictures", () => {
  it("passes over hidden files, bins, thumbnails and folders of other systems, and enters folders with a picture's name", () =>
    withFolder(async (folder) => {
      await fill(folder, ["b.PNG", "a.jpg", "c.jfif", "d.jpe", "e.JPEG", "sub.jpg/deep/f.webp"]);
      await fill(folder, [
        "._a.jpg",
        ".ipynb_checkpoints/a-checkpoint.jpg",
        ".Trash-1000/files/old.png",
        "sub.jpg/.x/y.png",
      ]);
      await fill(folder, [
        "__MACOSX/a.jpg",
        "@eaDir/a.jpg/SYNOPHOTO.jpg",
        "$RECYCLE.BIN/a.png",
        "Thumbs.db",
        ".DS_Store",
      ]);
      await mkdir(join(folder, "thumbs.jpg"));
      const walk = await walkPictures(folder);
      assert.deepEqual(walk.names, ["a.jpg", "b.PNG", "c.jfif", "d.jpe", "e.JPEG", "sub.jpg/deep/f.webp"]);
      assert.deepEqual([walk.broken, walk.notRead], [[], []]);
      assert.deepEqual((await walkPictures(folder, false)).names, walk.names.slice(0, -1));
    }));

  it("ends where links lead upwards, to each other or nowhere, and counts each folder once by its own place", () =>
    withFolder(async (outside) => {
      const folder = join(outside, "set");
      await fill(outside, ["set/z/a.png", "set/b.png", "not-in-the-set.png", "other/c.png"]);
      for (const [target, name] of [
        ["..", "parent"], // parent of the set, whose contents do not belong to it
        [".", "self"],
        ["z", "a-link-to-z"],
        ["../other", "linked"],
        ["../other", "linked-too"],
        ["../other/c.png", "link.png"],
        ["loop-2", "loop-1.png"],
        ["loop-1.png", "loop-2"],
        ["nothing.png", "broken.jpg"],
      ]) {
        await symlink(target, join(folder, name));
      }
      for (let i = 0; i < 20; i++) await symlink("..", join(folder, "z", `up-${i}`));
      await symlink(folder, join(outside, "other", "back"));
      const walk = await walkPictures(folder);
      assert.deepEqual(walk.names, ["b.png", "broken.jpg", "link.png", "linked/c.png", "loop-1.png", "z/a.png"]);
      assert.deepEqual(walk.broken, ["broken.jpg", "loop-1.png"]);
    }));

  it("lists pipes of a picture's name, so that reading refuses them by name", function () {
    if (process.platform === "win32") this.skip();
    return withFolder(async (folder) => {
      execFileSync("mkfifo", [join(folder, "pipe.jpg")]);
      assert.deepEqual((await walkPictures(folder)).names, ["pipe.jpg"]);
    });
  });

  it("counts and names the pictures of kinds that are not read, in one line", () =>
    withFolder(async (folder) => {
      await fill(folder, ["a.heic", "b.HEIC", "c.jp2", "d.ppm", "e.png", "f.cr2", "g.txt", ".h.heic"]);
      const { names, notRead, others } = await walkPictures(folder);
      assert.deepEqual([names, notRead, others], [["e.png"], ["a.heic", "b.HEIC", "c.jp2", "d.ppm", "f.cr2"], 2]);
      assert.equal(
        describeNotRead("set", notRead),
        "set: 5 files are left out because elegant-faces does not read HEIC (2), JPEG 2000 (1), PPM (1), camera raw (1): " +
          "a.heic, b.HEIC, c.jp2 and 2 more. To use them, convert them to PNG or JPEG.",
      );
      assert.equal(describeNotRead("set", []), null);
    }));

  it("refuses what is no folder", () =>
    withFolder(async (folder) => {
      await fill(folder, ["a.png"]);
      for (const name of ["a.png", "none"]) {
        await assert.rejects(
          walkPictures(join(folder, name)),
          (error) => error instanceof InputError && error.message.startsWith(`Listing '${join(folder, name)}'`),
        );
      }
    }));
});
