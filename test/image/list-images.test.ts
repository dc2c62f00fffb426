/** Which files of a folder count as its images. */
import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../../src/errors.js";
import { listImages } from "../../src/image/list-images.js";
import { withFolder } from "../support/folder.js";

async function fill(folder: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), file);
  }
}

describe("the images of a folder", () => {
  const names = async (folder: string, recursive: boolean): Promise<string[]> =>
    (await listImages(folder, recursive)).map((path) => path.slice(folder.length + 1));

  it("are its files with an image's extension in either case, sorted, without hidden ones and folders of such a name", () =>
    withFolder(async (folder) => {
      await fill(folder, ["b.JPG", "a.png", "c.Jpeg", "._a.png", ".png", ".cache/d.png", "notes.txt", "png"]);
      await fill(folder, ["set.png/inner.PNG", "set.png/deeper.jpg/e.gif"]);
      assert.deepEqual(await names(folder, false), ["a.png", "b.JPG", "c.Jpeg"]);
      assert.deepEqual(await names(folder, true), [
        "a.png",
        "b.JPG",
        "c.Jpeg",
        join("set.png", "deeper.jpg", "e.gif"),
        join("set.png", "inner.PNG"),
      ]);
    }));

  it("are counted once where links lead upwards or to a folder that is there already", () =>
    withFolder(async (outside) => {
      const folder = join(outside, "set");
      await fill(outside, ["set/one/a.png", "set/two/b.png", "other/c.png"]);
      await symlink(folder, join(folder, "one", "up"));
      await symlink(join(folder, "one"), join(folder, "two", "again"));
      await symlink(join(outside, "other"), join(folder, "linked"));
      await symlink(join(outside, "other", "c.png"), join(folder, "link.png"));
      await symlink(join(outside, "gone"), join(folder, "broken"));
      assert.deepEqual(await names(folder, true), [
        "link.png",
        join("linked", "c.png"),
        join("one", "a.png"),
        join("two", "b.png"),
      ]);
      assert.deepEqual(await names(folder, false), ["link.png"]);
    }));

  it("are refused where there are none, with what is there instead", () =>
    withFolder(async (folder) => {
      const refuses = (path: string, recursive: boolean, message: RegExp): Promise<void> =>
        assert.rejects(
          listImages(path, recursive),
          (error) => error instanceof InputError && message.test(error.message),
        );
      await refuses(folder, true, /expected images \(jpg, .*\), received an empty folder\. Choose another folder\.$/);
      await fill(folder, ["deep/a.png", ".b.png"]);
      await refuses(
        folder,
        false,
        /received a folder of 2 other entries\. Choose another folder, or add --recursive\.$/,
      );
      await refuses(join(folder, "deep", "a.png"), false, /Listing '.*a\.png'.*Check the path/);
      await refuses(join(folder, "none"), false, /Listing '.*none'.*Check the path/);
    }));
});
