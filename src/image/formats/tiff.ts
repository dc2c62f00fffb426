/**
 * Decodes the first page of TIFF files to RGBA: strips or tiles; 1 to 16 bits per sample; grey, RGB, palette, CMYK or
 * YCbCr; uncompressed, LZW, Deflate, PackBits or JPEG. Other files (fax, floats, Lab) are refused by name.
 */
import { blankImage, Damage, type Decoded, UNKNOWN_LEVEL } from "./damage.js";
import { type DecodeJpegBlock, findBlocks, unpackBlock } from "./tiff-blocks.js";
import { paintTiff } from "./tiff-colour.js";
import { layoutOf, PHOTOMETRIC } from "./tiff-layout.js";
import { readTiffPage } from "./tiff-page.js";

/**
 * Number of strips or tiles that may break off in a tolerated file before the rest counts as lost. Searching for
 * remains takes time.
 */
const MAX_BROKEN = 256;

/** Reverses the differences of neighbours in a row, in place. */
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

/**
 * Decodes the first page. With `tolerant`, strips that are missing or break off are grey. The caller applies the
 * orientation. @throws Error that says what is wrong with the page or not supported
 */
export async function decodeTiff(bytes: Uint8Array, tolerant: boolean, decodeJpeg: DecodeJpegBlock): Promise<Decoded> {
  const damage = new Damage(tolerant);
  const page = readTiffPage(bytes);
  const layout = layoutOf(page);
  const { bits, samples, channels, planes, blockWidth, photometric } = layout;
  const { width, height, little } = page;
  const blocks = findBlocks(bytes, page, layout, damage);
  const isPalette = photometric === PHOTOMETRIC.palette;
  const levels = new Uint8Array(width * height * channels).fill(isPalette ? 0 : UNKNOWN_LEVEL);
  const scale = isPalette ? 1 : 255 / ((1 << Math.min(bits, 8)) - 1);
  const taken = planes > 1 ? 1 : channels;
  let broken = 0;
  for (const [i, block] of blocks.entries()) {
    if (broken > MAX_BROKEN) break;
    const { plane, left, top, rows, length } = block;
    const data = await unpackBlock(block, page, layout, damage, decodeJpeg);
    if (data.length < length) {
      damage.note(`strip or tile ${i} holds ${data.length} of ${length} bytes`);
      broken++;
    }
    const rowBytes = length / rows;
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
  paintTiff(page, layout, levels, image.data);
  return { ...image, damaged: damage.reason };
}
