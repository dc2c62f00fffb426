/** What an image file's first bytes say: its format by magic number and its size, before anything is decoded. */

export type ImageFormat = "jpeg" | "png" | "gif" | "bmp" | "tiff";

export interface ImageHeader {
  readonly format: ImageFormat;
  /** Pixels; of a TIFF file with several pages, the sum of their areas counts (see readTiff). */
  readonly width: number;
  readonly height: number;
  /** Colour components: 1 grey, 3 colour, 4 CMYK; JPEG only, else 0. */
  readonly components: number;
}

/** The format by its magic number, whatever the file is called; null when it is none that we read. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | null {
  const starts = (...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8)) return "jpeg";
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "gif";
  if (starts(0x42, 0x4d)) return "bmp";
  if (starts(0x49, 0x49, 0x2a, 0) || starts(0x4d, 0x4d, 0, 0x2a)) return "tiff";
  return null;
}

/** Walks the segments to the frame header (SOF0..SOF15 without DHT, JPG and DAC). */
function readJpeg(view: DataView): ImageHeader | null {
  let at = 2;
  while (at + 9 < view.byteLength) {
    if (view.getUint8(at) !== 0xff) {
      at++; // stray bytes between segments are skipped, as decoders do
      continue;
    }
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return { format: "jpeg", width, height, components: view.getUint8(at + 9) };
    } else if (marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
    } else if (marker === 0xd9 || marker === 0xda) {
      return null; // the picture ends or its data begins before any frame header
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  return null;
}

/** All pages are decoded at once, so the header reports one page with the area of all. */
function readTiff(view: DataView): ImageHeader | null {
  const little = view.getUint8(0) === 0x49;
  const valueAt = (entry: number): number =>
    view.getUint16(entry + 2, little) === 3 ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
  let [width, area] = [0, 0];
  let directory = view.getUint32(4, little);
  for (let page = 0; directory !== 0; page++) {
    if (page >= 64) return null; // a loop, or nothing that a photo would be
    const entries = view.getUint16(directory, little);
    let [pageWidth, pageHeight] = [0, 0];
    for (let i = 0; i < entries; i++) {
      const entry = directory + 2 + i * 12;
      const tag = view.getUint16(entry, little);
      if (tag === 256) pageWidth = valueAt(entry);
      if (tag === 257) pageHeight = valueAt(entry);
    }
    width = Math.max(width, pageWidth);
    area += pageWidth * pageHeight;
    directory = view.getUint32(directory + 2 + entries * 12, little);
  }
  return { format: "tiff", width, height: width > 0 ? Math.ceil(area / width) : 0, components: 0 };
}

/** Format and size, or null when the bytes are no image that we read or the header is incomplete. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const format = sniffFormat(bytes);
  if (format === null) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (format) {
      case "jpeg":
        return readJpeg(view);
      case "png":
        return view.getUint32(12) === 0x49484452 // "IHDR"
          ? { format, width: view.getUint32(16), height: view.getUint32(20), components: 0 }
          : null;
      case "gif":
        return { format, width: view.getUint16(6, true), height: view.getUint16(8, true), components: 0 };
      case "bmp":
        return {
          format,
          width: Math.abs(view.getInt32(18, true)),
          height: Math.abs(view.getInt32(22, true)), // negative: rows from the top
          components: 0,
        };
      case "tiff":
        return readTiff(view);
    }
  } catch {
    return null; // the file ends within its header
  }
}
