/** Fingerprints of painted faces: changed copies are near-duplicates, other faces are not. */
import assert from "node:assert/strict";
import { fingerprintOf, MIRROR_BITS, MIRROR_SIGNS } from "../../../src/dataset/duplicates/fingerprint.js";
import { Fingerprints, type Likeness, MOST_DISTANCE } from "../../../src/dataset/duplicates/fingerprints.js";
import { decodeImage } from "../../../src/image/codec.js";
import { Pixels, wholeOf } from "../../../src/image/pixels.js";
import { loadModule } from "../../../src/kernels/module.js";
import { loadPainter, renderPhoto } from "../../../src/synth/raster.js";
import { sampleFace } from "../../../src/synth/sample.js";
import type { RgbaImage } from "../../../src/types.js";

const FACES = 24;

function mirrorOf({ width, height, data }: RgbaImage): RgbaImage {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      turned.set(data.subarray(from, from + 4), (y * width + width - 1 - x) * 4);
    }
  }
  return { width, height, data: turned };
}

function brightened({ width, height, data }: RgbaImage): RgbaImage {
  const brighter = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) brighter[i] = Math.min(255, data[i] * 1.2);
  return { width, height, data: brighter };
}

describe("the fingerprints of painted faces", () => {
  let pixels: Pixels;
  const faces: RgbaImage[] = [];

  before(async () => {
    pixels = new Pixels(await loadModule("image"));
    await loadPainter();
    for (let i = 0; i < FACES; i++) faces.push(renderPhoto(sampleFace(5, i)));
  });

  const compare = (a: RgbaImage, b: RgbaImage): Likeness | null => {
    const prints = new Fingerprints(2);
    prints.set(0, fingerprintOf(pixels, a));
    prints.set(1, fingerprintOf(pixels, b));
    return prints.compare(0, 1);
  };

  const changes: Readonly<Record<string, (face: RgbaImage) => RgbaImage | Promise<RgbaImage>>> = {
    "compressed at quality 30": (face) => decodeImage(pixels.encodeJpeg(face, 30), "copy"),
    "compressed at quality 70": (face) => decodeImage(pixels.encodeJpeg(face, 70), "copy"),
    "half as large": (face) => pixels.resize(face, wholeOf(face), face.width >> 1, face.height >> 1),
    "1.5 times as large": (face) =>
      pixels.resize(face, wholeOf(face), Math.round(face.width * 1.5), Math.round(face.height * 1.5)),
    brightened,
    "cropped by 2 %": (face) => {
      const [x, y] = [Math.round(face.width / 100), Math.round(face.height / 100)];
      return pixels.resize(face, { x, y, width: face.width - 2 * x, height: face.height - 2 * y }, 200, 240);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    it(`recognise a copy that is ${name}, and its mirror image`, async () => {
      for (const [i, face] of faces.entries()) {
        const copy = await change(face);
        assert.equal(compare(face, copy)?.mirrored, false, `face ${i}`);
        assert.equal(compare(face, mirrorOf(copy))?.mirrored, true, `mirror image of face ${i}`);
      }
    });
  }

  it("do not confuse different faces", () => {
    const prints = new Fingerprints(FACES);
    for (const [i, face] of faces.entries()) prints.set(i, fingerprintOf(pixels, face));
    for (let a = 0; a < FACES; a++) {
      for (let b = a + 1; b < FACES; b++) assert.equal(prints.compare(a, b), null, `faces ${a} and ${b}`);
    }
  });

  it("of a mirror image differ in the odd horizontal frequencies alone", () => {
    for (const face of faces.slice(0, 5)) {
      const [plain, turned] = [face, mirrorOf(face)].map((image) => fingerprintOf(pixels, image));
      const bits = [0, 1].map((half) => (plain.hash[half] ^ turned.hash[half] ^ MIRROR_BITS) >>> 0);
      const differing = bits.reduce((sum, word) => sum + word.toString(2).replaceAll("0", "").length, 0);
      assert.ok(differing <= 2, `${differing} bits`); // resizing rounds a mirrored image a little differently
      for (const [k, value] of plain.outline.entries()) {
        assert.ok(Math.abs(value * MIRROR_SIGNS[k] - turned.outline[k]) <= 2, `coefficient ${k}`);
      }
    }
  });

  it("of images of one colour match nothing, not even each other", () => {
    const plain = (grey: number): RgbaImage => ({ width: 40, height: 30, data: new Uint8Array(4800).fill(grey) });
    assert.equal(compare(plain(90), plain(90)), null);
    assert.equal(compare(plain(90), faces[0]), null);
  });

  it("say how many bits differ and how well the outlines agree", () => {
    assert.deepEqual(compare(faces[0], faces[0]), { distance: 0, correlation: 1, mirrored: false });
    const prints = new Fingerprints(2);
    const { hash, outline } = fingerprintOf(pixels, faces[0]);
    prints.set(0, { hash, outline });
    for (const [bits, isNear] of [
      [MOST_DISTANCE, true],
      [MOST_DISTANCE + 1, false],
    ] as const) {
      prints.set(1, { hash: [(hash[0] ^ (2 ** bits - 1)) >>> 0, hash[1]], outline });
      assert.equal(prints.compare(0, 1)?.distance, isNear ? bits : undefined);
    }
    // The same hash with another outline: a different photo of similar light.
    prints.set(1, { hash, outline: Int8Array.from(outline, (value, i) => (i % 3 === 0 ? -value : value)) });
    assert.equal(prints.compare(0, 1), null);
  });
});
