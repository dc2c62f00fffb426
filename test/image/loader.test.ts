/** Loading batches of images into the ring. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { BatchLoader } from "../../src/image/loader.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { goldenPhoto, withFolder } from "../support/pictures.js";

describe("image/loader", () => {
  it("loads batches in order into the ring, waits for a slot, and names a bad file", async () => {
    await withFolder(async (dir) => {
      const photos = ["a", "b", "c", "d", "e"].map((name) => goldenPhoto(name, 1, 16, 16));
      const sources = await Promise.all(
        photos.map(async (photo, i) => {
          const path = join(dir, `${i}.png`);
          await writeFile(path, await encodePng(photo));
          return { path };
        }),
      );
      const loader = new BatchLoader({ size: 16, workers: 2, batch: 4, slots: 2 });
      try {
        const batch = await loader.load(sources.slice(0, 4));
        const expected = photos.slice(0, 4).flatMap(({ data }) => [...data].filter((_, i) => i % 4 !== 3));
        assertClose(
          batch.data,
          expected.map((v) => v / 127.5 - 1),
          { abs: 1e-6, rel: 0 },
          shapeIndex([4, 16, 16, 3]),
        );

        const second = await loader.load([sources[4]]);
        assert.equal(second.data.length, 16 * 16 * 3);
        let loaded = false;
        const third = loader.load(sources.slice(1, 3)).then((held) => {
          loaded = true;
          return held;
        });
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.equal(loaded, false, "both slots are in use");
        batch.release();
        (await third).release();
        second.release();

        await writeFile(join(dir, "bad.png"), "no picture");
        await assert.rejects(
          loader.load([sources[0], { path: join(dir, "bad.png") }]),
          /bad\.png: image: expected JPEG, PNG/,
        );
        await assert.rejects(loader.load([{ path: join(dir, "none.png") }]), /none\.png: reading the photo: ENOENT/);
        (await loader.load(sources.slice(0, 2))).release();
        (await loader.load(sources.slice(0, 2))).release();
        await assert.rejects(loader.load(sources), /Batch: expected at most 4 images, received 5/);
      } finally {
        await loader.close();
      }
    });
  });
});
