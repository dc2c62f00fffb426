/** The face detector on painted faces. */
import assert from "node:assert/strict";
import { FaceFinder } from "../../src/detection/face-finder.js";
import { decodeImage } from "../../src/image/codec.js";
import { Pixels } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import { findInLargeJpeg } from "../../src/preprocess/large-jpeg.js";
import { photoLandmarks } from "../../src/synth/geometry.js";
import { renderPhoto } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import type { RgbaImage } from "../../src/types.js";
import { disagreement, FIND } from "../support/disagreement.js";
import { goldenPhoto } from "../support/pictures.js";
import { useDetector } from "../support/use-detection.js";

/** The image turned by a quarter clockwise. */
function turned({ width, height, data }: RgbaImage): RgbaImage {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [from, to] = [(y * width + x) * 4, (x * height + height - 1 - y) * 4];
      out.set(data.subarray(from, from + 4), to);
    }
  }
  return { width: height, height: width, data: out };
}

describe("detection/detector", () => {
  const detector = useDetector();

  it("finds painted faces where they are", async () => {
    const faces = Array.from({ length: 4 }, (_, i) => sampleFace(1, i));
    const distances: number[] = [];
    for (const face of faces) {
      const [found] = await detector().detect(renderPhoto(face), FIND);
      distances.push(found === undefined ? Number.POSITIVE_INFINITY : disagreement(photoLandmarks(face), found.points));
    }
    const shown = distances.map((distance) => distance.toFixed(1)).join(" ");
    // The networks were trained on people, not on paintings.
    assert.ok(distances.filter((distance) => distance < 16).length >= 3, shown);
  });

  it("finds a face that lies on its side", async () => {
    const face = sampleFace(1, 1);
    const photo = renderPhoto(face);
    const [upright] = await detector().detect(photo, FIND);
    const [lying] = await detector().detect(turned(photo), FIND);
    const expected = upright.points.map(([x, y]) => [photo.height - 1 - y, x] as const);
    const distance = disagreement(expected, lying.points);
    assert.ok(distance < 3, `${distance.toFixed(2)} px at 256`);
  });

  it("finds none where there is none, in pictures of any size", async () => {
    for (const [height, width] of [
      [1, 1],
      [3, 700],
    ]) {
      assert.deepEqual(await detector().detect(goldenPhoto("none", 1, height, width), FIND), []);
    }
  });

  it("finds faces in a large JPEG file from its eighth, and decodes only what is around a small one", async () => {
    const finder = await FaceFinder.open(1);
    const pixels = new Pixels(await loadModule("image"));
    const face = renderPhoto(sampleFace(1, 2));
    // The same face large and small in a photo of 2,800 x 2,600 pixels.
    for (const scale of [8, 2]) {
      const photo = pixels.warp(face, [scale, 0, 300, 0, scale, 200], 2800, 2600);
      const bytes = pixels.encodeJpeg(photo, 90);
      const whole = await decodeImage(bytes, "large.jpg");
      const [expected] = await finder.detect(whole, FIND);
      const found = await findInLargeJpeg(finder, pixels, bytes, FIND);
      assert.ok(found !== null, `${scale}`);
      const distance = disagreement(expected.points, found.faces[0].points);
      assert.ok(distance < 1, `${distance.toFixed(2)} px at 256 for ${scale}`);
      // Where the face is, the pixels are those of the whole photo; a small face's photo is black elsewhere.
      const { x, y, width, height } = found.faces[0].box;
      const at = (Math.round(y + height / 2) * 2800 + Math.round(x + width / 2)) * 4;
      assert.deepEqual(found.photo.data.slice(at, at + 4), whole.data.slice(at, at + 4));
      assert.equal(found.photo.data[2800 * 2600 * 4 - 1] === 0, scale === 2, `${scale}`);
    }
    const small = pixels.encodeJpeg(face, 90);
    assert.equal(await findInLargeJpeg(finder, pixels, small, FIND), null);
    await finder.close();
  });

  it("gives the same answer again, and answers in any order of asking", async () => {
    const photos = [2, 3].map((i) => renderPhoto(sampleFace(1, i)));
    const together = await Promise.all(photos.map((photo) => detector().detect(photo, FIND)));
    for (const [i, photo] of photos.entries()) assert.deepEqual(await detector().detect(photo, FIND), together[i]);
  });
});
