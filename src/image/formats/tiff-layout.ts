/** The layout of a TIFF page's pixels in its file. Layouts that we do not read are refused by name here. */
import { TAG, type TiffPage } from "./tiff-page.js";

export const COMPRESSION = { none: 1, lzw: 5, jpeg: 7, deflate: 8, oldDeflate: 32946, packBits: 32773 } as const;
/**
 * Compressions for which the predictor tag counts (samples stored as differences of neighbours). Others ignore it, as
 * in libtiff.
 */
const PREDICTED: readonly number[] = [COMPRESSION.lzw, COMPRESSION.deflate, COMPRESSION.oldDeflate];
const REFUSED_COMPRESSIONS: Readonly<Record<number, string>> = {
  2: "fax",
  3: "fax",
  4: "fax",
  6: "old JPEG",
  34712: "JPEG 2000",
  50000: "Zstandard",
  50001: "WebP",
};

export const PHOTOMETRIC = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, palette: 3, cmyk: 5, ycc: 6 } as const;
/** Number of channels for each kind of image. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3 };
/** Largest number of samples per pixel in addition to its channels: opacity, or data of other programs. */
const MOST_EXTRA: Readonly<Record<number, number>> = { 1: 1, 3: 3, 4: 2 };
const PREMULTIPLIED = 1;
/** The kind of page that is a smaller version of another one. */
const REDUCED = 1;

export interface TiffLayout {
  readonly bits: number;
  /** Number of samples per pixel in the data of one plane. */
  readonly samples: number;
  /**
   * Number of samples per pixel that determine its colour: those of `photometric`, and opacity if the colours are
   * multiplied by it.
   */
  readonly channels: number;
  readonly planes: number;
  readonly photometric: number;
  readonly premultiplied: boolean;
  readonly compression: number;
  readonly predictor: boolean;
  /** True if the bits of every byte are in reverse order. */
  readonly reversed: boolean;
  /** Size of a strip or tile in pixels. */
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly tiled: boolean;
}

/** Refuses samples whose meaning the file does not state, or that we do not read. */
function checkSamples(page: TiffPage, samples: number, photometric: number, bits: number): void {
  const colours = CHANNELS[photometric];
  if (colours === undefined) throw new Error(`colours of kind ${photometric} are not supported`);
  if (samples < colours) throw new Error(`${samples} samples a pixel, expected at least ${colours}`);
  if (samples > colours + MOST_EXTRA[colours]) {
    const isGrey = colours === 1 && photometric !== PHOTOMETRIC.palette;
    const said = isGrey ? "that is said to be grey" : "that is said to have fewer";
    const which = page.has(TAG.photometric) ? said : "that does not say which colours it has";
    throw new Error(`${samples} samples a pixel in a picture ${which}`);
  }
  if (photometric === PHOTOMETRIC.palette) {
    if (bits > 8) throw new Error(`a palette of ${bits} bits is not supported`);
    const levels = page.count(TAG.colours);
    if (levels !== 3 << bits) throw new Error(`a palette of ${levels} levels for ${bits} bits`);
  }
  if (photometric !== PHOTOMETRIC.ycc || page.value(TAG.compression, 1) === COMPRESSION.jpeg) return;
  // If a page does not state its subsampling, we assume none, as Pillow does. A subsampled page would have too few
  // bytes for that.
  const [across, down] = page.values(TAG.yccSampling, 2) ?? [1, 1];
  if (across !== 1 || down !== 1) throw new Error(`YCbCr with a sampling of ${across} x ${down} is not supported`);
}

/** @throws Error that says what is not supported or makes no sense */
export function layoutOf(page: TiffPage): TiffLayout {
  if ((page.value(TAG.subfileType, 0) & REDUCED) !== 0 && page.has(TAG.subPages)) {
    throw new Error(
      "a raw photo (DNG, NEF or the like), whose first page is only a small preview. Develop it to JPEG or PNG",
    );
  }
  const samples = page.value(TAG.samples, 1);
  const bitsOfEach = page.values(TAG.bits, 16) ?? [1];
  const bits = bitsOfEach[0] ?? 1;
  // Pages without this tag are read like in Pillow; libtiff refuses some of them.
  const photometric = page.value(TAG.photometric, PHOTOMETRIC.whiteIsZero);
  const compression = page.value(TAG.compression, COMPRESSION.none);
  if (!Object.values<number>(COMPRESSION).includes(compression)) {
    throw new Error(`compression ${REFUSED_COMPRESSIONS[compression] ?? compression} is not supported`);
  }
  if (![1, 2, 4, 8, 16].includes(bits) || bitsOfEach.some((other) => other !== bits)) {
    throw new Error(`${bitsOfEach.join(",")} bits a sample are not supported`);
  }
  checkSamples(page, samples, photometric, bits);
  if (page.value(TAG.sampleFormat, 1) !== 1) throw new Error("samples that are no unsigned integers are not supported");
  const jpeg = compression === COMPRESSION.jpeg;
  const colours = CHANNELS[photometric];
  if (jpeg && (bits !== 8 || samples > 3 || samples !== colours)) {
    throw new Error(`JPEG of ${samples} samples of ${bits} bits within TIFF is not supported`);
  }
  const [planes, predictor] = [page.value(TAG.planes, 1), page.value(TAG.predictor, 1)];
  if (samples > 1 && planes !== 1 && planes !== 2) throw new Error(`samples in order ${planes} are unknown`);
  const predicted = PREDICTED.includes(compression);
  if (predicted && predictor !== 1 && predictor !== 2) throw new Error(`predictor ${predictor} is not supported`);
  const planar = planes === 2;
  const premultiplied = samples > colours && page.value(TAG.extraSamples, 0) === PREMULTIPLIED;
  const channels = colours + (premultiplied ? 1 : 0);
  const tileWidth = page.value(TAG.tileWidth, 0);
  const tiled = tileWidth > 0;
  const blockWidth = tiled ? tileWidth : page.width;
  const blockHeight = tiled
    ? page.value(TAG.tileHeight, 0)
    : Math.min(page.value(TAG.rowsPerStrip, page.height), page.height);
  if (blockHeight === 0) throw new Error("strips or tiles without rows");
  // Tiles may extend beyond the image, but only so far that the header's size still limits how much is unpacked.
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
    premultiplied,
    compression,
    predictor: predicted && predictor === 2,
    reversed: page.value(TAG.fillOrder, 1) === 2,
    ...{ blockWidth, blockHeight, tiled },
  };
}
