/** Images through encoding and decoding, and files that must be refused. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/errors.js";
import { decodeImage, encodeJpeg, encodePng } from "../../src/image/codec.js";
import { readImageHeader } from "../../src/image/header.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { goldenPhoto } from "../support/pictures.js";
import { sharedPath } from "../support/shared.js";

describe("image/codec", () => {
  const photo = goldenPhoto("codec", 1, 37, 45);

  it("keeps every pixel through PNG, and the name does not matter", async () => {
    const bytes = await encodePng(photo);
    assert.deepEqual(readImageHeader(bytes), { format: "png", width: 45, height: 37, components: 0, orientation: 1 });
    const back = await decodeImage(bytes, "photo.jpg");
    assert.deepEqual([back.width, back.height], [45, 37]);
    assertClose(back.data, photo.data, { abs: 0, rel: 0 }, shapeIndex([37, 45, 4]));
  });

  it("comes close through JPEG", async () => {
    const bytes = await encodeJpeg(photo, 95);
    assert.deepEqual(readImageHeader(bytes), { format: "jpeg", width: 45, height: 37, components: 3, orientation: 1 });
    const back = await decodeImage(bytes, "photo");
    let sum = 0;
    for (let i = 0; i < photo.data.length; i++) sum += Math.abs(back.data[i] - photo.data[i]);
    assert.ok(sum / photo.data.length < 3, `mean difference ${sum / photo.data.length}`);
    assert.ok((await encodeJpeg(photo, 40)).length < bytes.length - 100);
  });

  it("refuses what is no image, too large or cut off, with the file's name", async () => {
    const jpeg = await encodeJpeg(photo, 90);
    const png = await encodePng(photo);
    const refused = (bytes: Uint8Array, words: RegExp, limit?: number): Promise<void> =>
      assert.rejects(
        decodeImage(bytes, "b.jpg", { maxPixels: limit }),
        (error) => error instanceof InputError && words.test(error.message),
      );
    await refused(new Uint8Array(0), /b\.jpg: image: expected JPEG.*received an empty file/);
    await refused(new TextEncoder().encode("<html>"), /received a web page \(HTML\)/);
    await refused(jpeg.slice(0, jpeg.length - 200), /b\.jpg: damaged or unsupported JPEG: Premature end/);
    await refused(png.slice(0, png.length >> 1), /b\.jpg: damaged or unsupported PNG/);
    await refused(jpeg, /b\.jpg: image too large: expected at most 0\.001 megapixels, received 45 x 37/, 1000);
    assert.equal((await decodeImage(jpeg, "after failures")).width, 45);
  });

  it("decodes or refuses every odd file, and names it", async function () {
    const dir = sharedPath("faces/odd");
    if (dir === null) this.skip();
    const decoded: string[] = [];
    for (const file of await readdir(dir)) {
      try {
        const { width, height, data } = await decodeImage(await readFile(join(dir, file)), file);
        assert.equal(data.length, width * height * 4);
        decoded.push(file);
      } catch (error) {
        assert.ok(error instanceof InputError, `${file}: ${error}`);
        assert.ok(error.message.startsWith(`${file}: `), error.message);
      }
    }
    for (const file of ["jpeg-js__tree-cmyk.jpg", "image-png__basi6a16.png", "pillow__hopper_orientation_6.jpg"]) {
      assert.ok(decoded.includes(file), `${file} should be decoded`);
    }
    const lost = decoded.filter((file) => /truncated|max_size|giant|limit/.test(file));
    assert.deepEqual(lost, [], "damaged or huge files must be refused");
  });
});
