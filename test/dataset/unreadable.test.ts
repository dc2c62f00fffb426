/**
 * Photos that the disk does not deliver. Reading this process's memory from its first byte fails with EIO, like a bad
 * sector.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { alignOwnPhotos } from "../../src/detection/align-photos.js";
import { RetryableError, UnreadableFileError } from "../../src/errors.js";
import { readImageFile } from "../../src/image/read-file.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import { SMALL_CROPS, withFolder, writeSmallDataset } from "../support/pictures.js";

const UNREADABLE = "/proc/self/mem";
const OPTIONS: PreprocessOptions = { ...SMALL_CROPS, workers: 2 };

async function makeUnreadable(source: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const path = join(source, "images", file);
    await rm(path);
    await symlink(UNREADABLE, path);
  }
}

describe("a photo with a read error", () => {
  before(function () {
    if (!existsSync(UNREADABLE)) this.skip(); // only Linux has it
  });

  it("is tried again before it is refused by name", () =>
    withFolder(async (dir) => {
      const path = join(dir, "000001.jpg");
      await symlink(UNREADABLE, path);
      await assert.rejects(
        readImageFile(path, "000001.jpg"),
        (error) =>
          error instanceof UnreadableFileError &&
          /^000001\.jpg: reading the photo: EIO: .*\. The disk or the network mount fails at this file\. Copy it again from its source\.$/.test(
            error.message,
          ),
      );
      setTimeout(() => {
        void rm(path).then(() => symlink("/proc/self/comm", path));
      }, 100);
      assert.match((await readImageFile(path, "000001.jpg")).toString(), /\S/);
    }));

  it("is that photo's failure in preprocess, in every format", () =>
    withFolder(async (dir) => {
      for (const format of ["png", "raw", "webdataset"] as const) {
        const [source, out] = [join(dir, `${format}-in`), join(dir, format)];
        const files = await writeSmallDataset(source, 20);
        await makeUnreadable(source, [files[3], files[11]]);
        const report = await preprocess(source, out, { ...OPTIONS, format });
        assert.deepEqual([report.done, report.failures.map(({ file }) => file)], [18, [files[3], files[11]]], format);
        assert.match(report.failures[0].reason, /EIO.* Copy it again from its source\.$/);
      }
    }));

  it("ends preprocess with a failure worth retrying when many in a row have it", () =>
    withFolder(async (dir) => {
      const source = join(dir, "celeba");
      const files = await writeSmallDataset(source, 40);
      await makeUnreadable(source, files.slice(10, 30));
      await assert.rejects(
        preprocess(source, join(dir, "out"), { ...OPTIONS, workers: 1 }),
        (error) =>
          error instanceof RetryableError && /^17 files in a row cannot be read\. The last one: /.test(error.message),
      );
    }));

  it("is a failure of align, too", () =>
    withFolder(async (dir) => {
      const path = join(dir, "bad.jpg");
      await symlink(UNREADABLE, path);
      const options = { size: 64, format: "png", quality: 95, all: false, minScore: 0.5, workers: 1 } as const;
      const report = await alignOwnPhotos([path], join(dir, "out"), { ...options, onProgress: () => {} });
      assert.deepEqual([report.done, report.failed], [0, 1]);
      assert.match(report.failures[0].reason, /EIO/);
    }));
});
