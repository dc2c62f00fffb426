/**
 * Quantisation and Huffman tables of ITU T.81 Annex K, in the form of a file's headers and in the form that the scan
 * kernel reads.
 */

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g)!, (pair) => Number.parseInt(pair, 16));
}

/** Tables K.1 (luminance) and K.2 (chrominance) in zigzag order. Quality 50 uses them unscaled. */
const QUANTISATION = [
  fromHex(`
    100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71
    797064785c656763
  `),
  fromHex(`
    1112121815182f1a1a2f63423842636363636363636363636363636363636363636363636363636363636363636363636363636363636363
    6363636363636363
  `),
] as const;

export interface HuffmanTable {
  /** Class and destination of the DHT segment: 0x00 and 0x10 for DC and AC of luminance, 0x01 and 0x11 for chrominance. */
  readonly id: number;
  /** Number of codes with 1 to 16 bits, [16]. */
  readonly counts: Uint8Array;
  /** Symbols in the order of their codes. */
  readonly symbols: Uint8Array;
}

/** Tables K.3 to K.6 in the order of the kernel's code tables. */
export const HUFFMAN_TABLES: readonly HuffmanTable[] = [
  {
    id: 0x00,
    counts: fromHex("00010501010101010100000000000000"),
    symbols: fromHex("000102030405060708090a0b"),
  },
  {
    id: 0x10,
    counts: fromHex("0002010303020403050504040000017d"),
    symbols: fromHex(`
    01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a343536373839
    3a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7
    a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa
  `),
  },
  {
    id: 0x01,
    counts: fromHex("00030101010101010101010000000000"),
    symbols: fromHex("000102030405060708090a0b"),
  },
  {
    id: 0x11,
    counts: fromHex("00020102040403040705040400010277"),
    symbols: fromHex(`
    000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738
    393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5
    a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa
  `),
  },
];

/** Index in row order (row * 8 + column) of each zigzag position. */
export const ZIGZAG: readonly number[] = Array.from({ length: 64 }, (_, i) => i).sort((a, b) => {
  const place = (index: number): number => {
    const [row, column] = [index >> 3, index & 7];
    const diagonal = row + column;
    return diagonal * 8 + (diagonal % 2 === 0 ? column : row);
  };
  return place(a) - place(b);
});

/** Quantisation steps in zigzag order for a quality of 1 to 100, scaled as libjpeg does: [luminance, chrominance]. */
export function quantisationTables(quality: number): readonly [Uint8Array, Uint8Array] {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  const scale = (table: Uint8Array): Uint8Array =>
    table.map((step) => Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))));
  return [scale(QUANTISATION[0]), scale(QUANTISATION[1])];
}

/**
 * Each symbol's code, shifted left by the size of the value that follows it (the symbol's low four bits), and in the
 * high 5 bits the length of both; 0 for symbols without a code; [256].
 */
function huffmanCodes({ counts, symbols }: HuffmanTable): Uint32Array {
  const codes = new Uint32Array(256);
  let [code, next] = [0, 0];
  counts.forEach((count, index) => {
    for (let i = 0; i < count; i++) {
      const symbol = symbols[next++];
      const size = symbol & 15;
      codes[symbol] = ((index + 1 + size) << 27) | (code++ << size);
    }
    code <<= 1;
  });
  return codes;
}

/** Place among the scan kernel's levels of the coefficient at `natural` (row * 8 + column). */
export function levelPlace(natural: number): number {
  const [row, column] = [natural >> 3, natural & 7];
  return (row >> 2) * 32 + column * 4 + (row & 3);
}

/** Size of the block that jpegTables() makes, in bytes. */
export const JPEG_TABLE_BYTES = 21056 + 76;
/** Size of the scan kernel's scratch block, in bytes. */
export const JPEG_SCRATCH_BYTES = 7 * 256 + 128 + 1024;
/** Bytes of output memory per 16 x 16 tile, which no encoded tile exceeds. */
export const JPEG_TILE_BYTES = 2560;

/** Weights of Y, Cb and Cr, then the level that Y is centred at and the share of a pixel in halved chrominance. */
const COLOUR = [
  ...[0.299, 0.587, 0.114],
  ...[-0.168735892, -0.331264108, 0.5],
  ...[0.5, -0.418687589, -0.081312411],
  ...[128, 0.25],
];
/** Factors of the fast DCT, and the number that rounds. */
const TRANSFORM = [Math.SQRT1_2, 0.38268343, 0.5411961, 1.306563, 1.5 * 2 ** 23];

/** The table block of encodeJpegScan (layout in assembly/image/jpeg.ts) for a quality of 1 to 100. */
export function jpegTables(quality: number): Uint8Array {
  const block = new Uint8Array(JPEG_TABLE_BYTES);
  const view = new DataView(block.buffer);
  const dctScale = (k: number): number => (k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16));
  quantisationTables(quality).forEach((steps, table) => {
    ZIGZAG.forEach((natural, position) => {
      const [row, column] = [natural >> 3, natural & 7];
      const divisor = steps[position] * dctScale(row) * dctScale(column) * 8;
      view.setFloat32(table * 256 + (column * 8 + row) * 4, 1 / divisor, true);
    });
  });
  ZIGZAG.forEach((natural, position) => {
    const place = levelPlace(natural);
    view.setUint8(512 + position, place * 2);
    if (position === 0) return;
    // For all bytes of bits that contain this place's bit, set this position's bit.
    const [table, bit] = [4672 + (place >> 3) * 2048, 1 << (place & 7)];
    for (let byte = bit; byte < 256; byte++) {
      const at = table + byte * 8 + (position >> 3);
      if ((byte & bit) !== 0) block[at] |= 1 << (position & 7);
    }
  });
  HUFFMAN_TABLES.forEach((table, i) => {
    huffmanCodes(table).forEach((entry, symbol) => {
      view.setUint32(576 + i * 1024 + symbol * 4, entry, true);
    });
  });
  COLOUR.forEach((value, i) => {
    view.setFloat32(21056 + i * 4, value, true);
  });
  view.setUint32(21056 + 44, 0xff, true);
  TRANSFORM.forEach((value, i) => {
    view.setFloat32(21104 + i * 4, value, true);
  });
  [1023, 1023, -1023, -1023].forEach((level, i) => {
    view.setInt16(21124 + i * 2, level, true);
  });
  return block;
}
