/**
 * TIFF files to RGBA: the first page, in strips or tiles, 1 to 16 bits a sample; grey, RGB, palette or CMYK; stored
 * plainly or as LZW, Deflate or PackBits. Others (fax, JPEG within TIFF, floats) are refused by name.
 */
import { cmykToRgb } from "./cmyk.js";
import { blankImage, Damage, type Decoded, UNKNOWN_LEVEL } from "./damage.js";
import { inflateExactly } from "./inflate.js";
import { decodeLzw } from "./lzw.js";
import { readTiffPage, TAG, type TiffPage } from "./tiff-page.js";

const COMPRESSIONS: Readonly<Record<number, string>> = {
  2: "fax",
  3: "fax",
  4: "fax",
  6: "old JPEG",
  7: "JPEG",
  34712: "JPEG 2000",
  50000: "Zstandard",
  50001: "WebP",
};
/** Channels that each kind of picture needs: white is zero, black is zero, RGB, palette, CMYK. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4 };

interface Layout {
  readonly bits: number;
  /** Samples a pixel in one plane's data. */
  readonly samples: number;
  readonly channels: number;
  readonly planes: number;
  readonly photometric: number;
  readonly compression: number;
  readonly predictor: boolean;
  /** Size of a strip or tile. */
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly tiled: boolean;
}

function layoutOf(page: TiffPage): Layout {
  const samples = page.value(TAG.samples, 1);
  const bitsOfEach = page.values(TAG.bits, 16) ?? [1];
  const bits = bitsOfEach[0] ?? 1;
  const photometric = page.value(TAG.photometric, 1);
  const compression = page.value(TAG.compression, 1);
  const channels = CHANNELS[photometric];
  if (![1, 5, 8, 32946, 32773].includes(compression)) {
    throw new Error(`compression ${COMPRESSIONS[compression] ?? compression} is not supported`);
  }
  if (channels === undefined) throw new Error(`colours of kind ${photometric} are not supported`);
  if (![1, 2, 4, 8, 16].includes(bits) || bitsOfEach.some((other) => other !== bits)) {
    throw new Error(`${bitsOfEach.join(",")} bits a sample are not supported`);
  }
  if (photometric === 3 && bits > 8) throw new Error(`a palette of ${bits} bits is not supported`);
  if (samples < channels || samples > channels + 2)
    throw new Error(`${samples} samples a pixel, expected ${channels} to ${channels + 2}`);
  if (page.value(TAG.sampleFormat, 1) !== 1) throw new Error("samples that are no unsigned integers are not supported");
  if (page.value(TAG.fillOrder, 1) !== 1) throw new Error("bits in reversed order are not supported");
  const planar = page.value(TAG.planes, 1) === 2;
  const tileWidth = page.value(TAG.tileWidth, 0);
  const tiled = tileWidth > 0;
  const blockWidth = tiled ? tileWidth : page.width;
  const blockHeight = tiled
    ? page.value(TAG.tileHeight, 0)
    : Math.min(page.value(TAG.rowsPerStrip, page.height), page.height);
  if (blockHeight === 0) throw new Error("strips or tiles without rows");
  // Tiles may reach beyond the picture, but not so far that the header's size does not bound what is unpacked.
  const covered = Math.ceil(page.width / blockWidth) * blockWidth * Math.ceil(page.height / blockHeight) * blockHeight;
  if (covered > 4 * page.width * page.height + 2 ** 20) {
    throw new Error(`tiles of ${blockWidth} x ${blockHeight} for a picture of ${page.width} x ${page.height}`);
  }
  return {
    bits,
    samples: planar ? 1 : samples,
    channels,
    planes: planar ? channels : 1,
    photometric,
    compression,
    predictor: page.value(TAG.predictor, 1) === 2,
    blockWidth,
    blockHeight,
    tiled,
  };
}

function unpackBits(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let [at, written] = [0, 0];
  while (at < bytes.length && written < length) {
    const count = bytes[at++];
    if (count < 128) {
      const literal = bytes.subarray(at, Math.min(at + count + 1, at + length - written));
      out.set(literal, written);
      written += literal.length;
      at += count + 1;
    } else if (count > 128) {
      const end = Math.min(length, written + 257 - count);
      out.fill(bytes[at++] ?? 0, written, end);
      written = end;
    }
  }
  return out.subarray(0, written);
}

async function unpack(packed: Uint8Array, length: number, compression: number, damage: Damage): Promise<Uint8Array> {
  switch (compression) {
    case 5:
      return decodeLzw(packed, length, { literalBits: 8, fromHighestBit: true });
    case 32773:
      return unpackBits(packed, length);
    case 1:
      return new Uint8Array(packed.subarray(0, length)); // a copy: the predictor is undone in place
    default:
      return inflateExactly(packed, length, damage);
  }
}

/** Undoes the difference of neighbours in a row in place. */
function sumAcross(row: Uint8Array, samples: number, bits: number, little: boolean): void {
  if (bits === 8) {
    for (let i = samples; i < row.length; i++) row[i] += row[i - samples];
  } else if (bits === 16) {
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
    for (let i = samples * 2; i + 1 < row.length; i += 2) {
      view.setUint16(i, view.getUint16(i, little) + view.getUint16(i - samples * 2, little), little);
    }
  }
}

/** Colours of every pixel: `levels` are [height, width, channels], palette indices or 8-bit samples. */
function paint(page: TiffPage, { photometric, channels, bits }: Layout, levels: Uint8Array, out: Uint8Array): void {
  const colours = photometric === 3 ? page.values(TAG.colours, 3 << bits) : null;
  if (photometric === 3 && colours === null) throw new Error("no palette, so no colours");
  for (let at = 0, from = 0; at < out.length; at += 4, from += channels) {
    if (colours !== null) {
      for (let c = 0; c < 3; c++) out[at + c] = (colours[(c << bits) + levels[from]] ?? 0) >> 8;
    } else if (photometric === 5) {
      for (let c = 0; c < 3; c++) out[at + c] = cmykToRgb(levels[from + c], levels[from + 3]);
    } else {
      for (let c = 0; c < 3; c++) {
        const level = levels[from + (channels === 3 ? c : 0)];
        out[at + c] = photometric === 0 ? 255 - level : level;
      }
    }
  }
}

/**
 * Decodes the first page. Throws an Error that says what is wrong with it or not supported; with `tolerant` strips that
 * are missing or break off are grey. Orientation is left to the caller.
 */
export async function decodeTiff(bytes: Uint8Array, tolerant: boolean): Promise<Decoded> {
  const damage = new Damage(tolerant);
  const page = readTiffPage(bytes);
  const layout = layoutOf(page);
  const { bits, samples, channels, planes, blockWidth, blockHeight, photometric, tiled } = layout;
  const { width, height, little } = page;
  const [across, down] = [Math.ceil(width / blockWidth), Math.ceil(height / blockHeight)];
  const blocks = across * down * planes;
  const offsets = page.values(tiled ? TAG.tileOffsets : TAG.stripOffsets, blocks) ?? [];
  const counts = page.values(tiled ? TAG.tileBytes : TAG.stripBytes, blocks) ?? [];
  if (offsets.length < blocks) damage.note(`the places of ${offsets.length} of ${blocks} strips or tiles`);
  const rowBytes = Math.ceil((blockWidth * samples * bits) / 8);
  const levels = new Uint8Array(width * height * channels).fill(photometric === 3 ? 0 : UNKNOWN_LEVEL);
  const scale = photometric === 3 ? 1 : 255 / ((1 << Math.min(bits, 8)) - 1);
  const taken = planes > 1 ? 1 : channels;
  for (let block = 0; block < offsets.length; block++) {
    const plane = Math.floor(block / (across * down));
    const left = (block % across) * blockWidth;
    const top = (Math.floor(block / across) % down) * blockHeight;
    const rows = tiled ? blockHeight : Math.min(blockHeight, height - top);
    const packed = bytes.subarray(offsets[block], offsets[block] + (counts[block] ?? bytes.length));
    const data = await unpack(packed, rows * rowBytes, layout.compression, damage);
    if (data.length < rows * rowBytes)
      damage.note(`strip or tile ${block} holds ${data.length} of ${rows * rowBytes} bytes`);
    const columns = Math.min(blockWidth, width - left);
    for (let y = 0; y < Math.min(rows, height - top) && (y + 1) * rowBytes <= data.length; y++) {
      const row = data.subarray(y * rowBytes, (y + 1) * rowBytes);
      if (layout.predictor) sumAcross(row, samples, bits, little);
      for (let x = 0; x < columns; x++) {
        const to = ((top + y) * width + left + x) * channels + plane;
        for (let c = 0; c < taken; c++) {
          const sample = x * samples + c;
          if (bits === 8) levels[to + c] = row[sample];
          else if (bits === 16) levels[to + c] = row[sample * 2 + (little ? 1 : 0)];
          else {
            const bit = sample * bits;
            levels[to + c] = ((row[bit >> 3] >> (8 - bits - (bit & 7))) & ((1 << bits) - 1)) * scale;
          }
        }
      }
    }
  }
  const image = blankImage(width, height);
  paint(page, layout, levels, image.data);
  return { ...image, damaged: damage.reason };
}
