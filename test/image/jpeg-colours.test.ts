/** The colour space of JPEG files for all markers, component names and samplings, against Pillow. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeImage } from "../../src/image/codec.js";
import { flatJpegFile } from "../support/jpeg-files.js";
import { withFolder } from "../support/pictures.js";
import { comparePillow } from "../support/pillow.js";
import { hasPillow } from "../support/torch.js";

const JFIF = [0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
const JFXX = [0xff, 0xe0, 0, 8, 0x4a, 0x46, 0x58, 0x58, 0, 0x10];
const adobe = (transform: number): number[] => [
  ...[0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, transform],
];
const SHORT_ADOBE = [0xff, 0xee, 0, 10, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0];

const letters = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const NUMBERS = [1, 2, 3];

// Pillow 13.0 with libjpeg-turbo 3.2 gives these for the levels 100, 90, 200 and, as the fourth component, 180.
const YCBCR = [201, 62, 33];
const RGB = [100, 90, 200];
const CMYK = [71, 64, 141];
const YCCK = [38, 136, 157];

const SAMPLINGS = {
  "4:4:4": [1, 1],
  "4:2:2": [2, 1],
  "4:4:0": [1, 2],
  "4:2:0": [2, 2],
  "4:1:1": [4, 1],
  "4:1:0": [4, 2],
};

/** Segments after the start marker, names of the components, and the colour. */
const THREE: Readonly<Record<string, readonly [head: number[], ids: number[], colour: number[]]>> = {
  "no marker": [[], NUMBERS, YCBCR],
  "no marker, named RGB": [[], letters("RGB"), RGB],
  "no marker, named rgb": [[], letters("rgb"), YCBCR],
  "no marker, counted from 0": [[], [0, 1, 2], YCBCR],
  "JFIF, named RGB": [JFIF, letters("RGB"), YCBCR],
  "JFXX alone, named RGB": [JFXX, letters("RGB"), RGB],
  "Adobe 0": [adobe(0), NUMBERS, RGB],
  "Adobe 1, named RGB": [adobe(1), letters("RGB"), YCBCR],
  "Adobe 2": [adobe(2), NUMBERS, YCBCR],
  "Adobe 5": [adobe(5), NUMBERS, YCBCR],
  "JFIF and Adobe 0": [[...JFIF, ...adobe(0)], NUMBERS, YCBCR],
  "Adobe 0 and JFIF": [[...adobe(0), ...JFIF], NUMBERS, YCBCR],
  "Adobe 0, then 1": [[...adobe(0), ...adobe(1)], NUMBERS, YCBCR],
  "Adobe 1, then 0": [[...adobe(1), ...adobe(0)], NUMBERS, RGB],
  "Adobe cut short, named RGB": [SHORT_ADOBE, letters("RGB"), RGB],
};
const FOUR: Readonly<Record<string, readonly [head: number[], ids: number[], colour: number[]]>> = {
  "no marker": [[], [1, 2, 3, 4], CMYK],
  "named CMYK": [[], letters("CMYK"), CMYK],
  JFIF: [JFIF, [1, 2, 3, 4], CMYK],
  "Adobe 0": [adobe(0), [1, 2, 3, 4], CMYK],
  "Adobe 1": [adobe(1), [1, 2, 3, 4], YCCK],
  "Adobe 2": [adobe(2), [1, 2, 3, 4], YCCK],
  "Adobe 5": [adobe(5), [1, 2, 3, 4], YCCK],
  "JFIF and Adobe 0": [[...JFIF, ...adobe(0)], [1, 2, 3, 4], CMYK],
  "JFIF and Adobe 2": [[...JFIF, ...adobe(2)], [1, 2, 3, 4], YCCK],
};

interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly colour: readonly number[];
}

function cases(): Case[] {
  const made: Case[] = [];
  for (const [sampling, [h, v]] of Object.entries(SAMPLINGS)) {
    for (const [what, [head, ids, colour]] of Object.entries(THREE)) {
      const bytes = flatJpegFile({ levels: [100, 90, 200], ids, h, v, head });
      made.push({ name: `${sampling}, ${what}`, bytes, colour });
    }
    for (const [what, [head, ids, colour]] of Object.entries(FOUR)) {
      if (h * v > 4) continue; // more than ten blocks in an MCU
      const bytes = flatJpegFile({ levels: [100, 90, 200, 180], ids, h, v, head });
      made.push({ name: `${sampling}, four components, ${what}`, bytes, colour });
    }
  }
  for (const head of [[], JFIF, adobe(0)]) {
    const bytes = flatJpegFile({ levels: [77], ids: [1], h: 2, v: 2, head });
    made.push({ name: `grey behind ${head.length} bytes`, bytes, colour: [77, 77, 77] });
  }
  return made;
}

describe("image/jpeg: colours", () => {
  it("follow libjpeg-turbo's rule with any markers, names and samplings", async () => {
    for (const { name, bytes, colour } of cases()) {
      const { data } = await decodeImage(bytes, name);
      for (let i = 0; i < data.length; i += 4) {
        const pixel = Array.from(data.subarray(i, i + 3));
        const close = pixel.every((level, c) => Math.abs(level - colour[c]) <= 1);
        assert.ok(close, `${name}: expected ${colour} at pixel ${i / 4}, received ${pixel}`);
      }
    }
  });

  it("are Pillow's", async function () {
    if (!hasPillow()) this.skip();
    await withFolder(async (dir) => {
      await mkdir(join(dir, "files"));
      for (const [i, { bytes }] of cases().entries()) await writeFile(join(dir, "files", `${i}.jpg`), bytes);
      const differences = await comparePillow(join(dir, "files"), join(dir, "out"));
      assert.equal(differences.size, cases().length);
      for (const [file, { most }] of differences)
        assert.ok(most <= 2, `${cases()[Number.parseInt(file, 10)].name}: ${most}`);
    });
  });
});
