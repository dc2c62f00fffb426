/** Crops decoded from a window of a JPEG file must equal crops from the whole image, byte for byte. */
import assert from "node:assert/strict";
import { decodeImage } from "../../src/image/codec.js";
import { Damage } from "../../src/image/formats/damage.js";
import { decodeJpeg } from "../../src/image/formats/jpeg.js";
import { readBaselineJpeg } from "../../src/image/formats/jpeg-header.js";
import { readJpegStructure } from "../../src/image/formats/jpeg-structure.js";
import { cropFace, cropFromJpeg } from "../../src/image/photo.js";
import { Pixels } from "../../src/image/pixels.js";
import { noSeconds } from "../../src/image/stage-times.js";
import type { Placement } from "../../src/image/tasks.js";
import { loadModule } from "../../src/kernels/module.js";
import { Random } from "../../src/random.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { jpegFile } from "../support/jpeg-files.js";

const SEED = 606;

describe("image/jpeg: crops from windows of a file", () => {
  const random = Random.fromSeed(SEED, "files");
  const shape = { width: 150, height: 131, h: 2, v: 2, grey: false, restartInterval: 0 };
  const file = jpegFile(random, shape);

  it("are the bytes of crops from the whole picture, also turned, enlarged and over the edges", async () => {
    const pixels = new Pixels(await loadModule("image"));
    for (const [h, v] of [
      [1, 1],
      [2, 1],
      [2, 2],
    ]) {
      const bytes = jpegFile(random, { ...shape, h, v, restartInterval: 7 });
      const whole = await decodeJpeg(bytes, readJpegStructure(bytes), new Damage(false));
      for (let round = 0; round < 40; round++) {
        const [x, y, scale, turn] = [
          random.between(-20, 170),
          random.between(-20, 150),
          random.between(0.05, 1.5),
          random.between(-3, 3),
        ];
        const at = (dx: number, dy: number): readonly [number, number] => [
          x + scale * (dx * Math.cos(turn) - dy * Math.sin(turn)),
          y + scale * (dx * Math.sin(turn) + dy * Math.cos(turn)),
        ];
        const points = [at(-35, -50), at(35, -50), at(0, 0), at(-30, 37), at(30, 37)];
        if (!points.some(([px, py]) => px >= 0 && py >= 0 && px < whole.width && py < whole.height)) continue;
        const placement: Placement = { kind: "landmarks", points };
        const expected = cropFace(pixels, whole, placement, 64, "photo");
        const actual = await cropFromJpeg(pixels, bytes, { placement, file: "photo" }, { size: 64 }, noSeconds());
        assert.ok(actual !== null);
        assert.deepEqual(actual.matrix, expected.matrix);
        const name = shapeIndex([64, 64, 4]);
        const label = `${h}x${v}, ${JSON.stringify(points)} (seed ${SEED})`;
        const { data } = pixels.copyWindow(actual.crop);
        assertClose(data, expected.crop.data, { abs: 0, rel: 0 }, (i) => `${name(i)} of ${label}`);
        const encoded = pixels.encodeWindow(actual.crop, 95);
        assert.deepEqual(encoded, pixels.encodeJpeg(expected.crop, 95), label);
      }
    }
  });

  it("leave progressive and turned files to the whole decoder, and say what is wrong with damaged ones", async () => {
    const jpeg = readBaselineJpeg(file);
    assert.ok(jpeg !== null);
    const pixels = new Pixels(await loadModule("image"));
    const window = { x: 0, y: 0, width: 8, height: 8 };
    assert.equal(typeof pixels.decodeWindow(file, jpeg, window), "object");
    const cut = file.slice(0, file.length - 40);
    assert.match(
      String(pixels.decodeWindow(cut, jpeg, window)),
      /the image data break off/,
      "cut off below the window",
    );
    await assert.rejects(decodeImage(cut, "cut"), /Premature end/);
    const progressive = file.slice();
    progressive[progressive.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xc0) + 1] = 0xc2;
    assert.equal(readBaselineJpeg(progressive), null);
    const twoScans = Uint8Array.from([...file.slice(0, -1), 0xda, ...file.slice(jpeg.scan - 12)]);
    assert.match(String(pixels.decodeWindow(twoScans, jpeg, window)), /marker 0xda follows the whole picture/);
    await assert.rejects(decodeImage(twoScans, "two"), /marker 0xda follows the whole picture/);
    const exif = [0xff, 0xe1, 0, 34, ...new TextEncoder().encode("Exif\0\0MM\0*"), 0, 0, 0, 8, 0, 1];
    const turned = (orientation: number): Uint8Array =>
      Uint8Array.from([
        ...file.slice(0, 2),
        ...exif,
        ...[1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
        ...file.slice(2),
      ]);
    const placement: Placement = {
      kind: "landmarks",
      points: [
        [40, 40],
        [70, 40],
        [55, 55],
        [42, 70],
        [68, 70],
      ],
    };
    const quick = (orientation: number): ReturnType<typeof cropFromJpeg> =>
      cropFromJpeg(pixels, turned(orientation), { placement, file: "turned" }, { size: 16 }, noSeconds());
    assert.equal(readBaselineJpeg(turned(6))?.orientation, 6);
    assert.ok((await quick(1)) !== null);
    assert.equal(await quick(6), null);
  });

  it("reads headers of any bytes without a fault", () => {
    for (let round = 0; round < 3000; round++) {
      const damaged = file.slice(0, random.below(2) === 0 ? file.length : random.below(700));
      for (let i = random.below(6); i > 0; i--)
        damaged[random.below(Math.min(700, damaged.length))] = random.below(256);
      readBaselineJpeg(damaged);
    }
  });
});
