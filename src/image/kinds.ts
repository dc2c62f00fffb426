/** Recognises, by their first bytes, files that decodeImage does not read, and says what to do about each kind. */
import { textOf } from "../bytes.js";
import { avifBrands } from "./formats/avif-boxes.js";

export interface FileKind {
  /** The kind with its article, such as "a PDF file". */
  readonly name: string;
  /** What to do, as a sentence. */
  readonly remedy: string;
}

const CONVERT = "Convert it to JPEG or PNG.";
const DEVELOP = "Develop it to JPEG or PNG.";
const NO_PICTURE = "Remove it from the pictures.";
const EXTRACT = "Export pictures from it.";
const UNPACK = "Unpack it first.";
const FETCH = "Download or copy the file again.";

/** Kinds of files by their first bytes, written as Latin-1, at offset `at` (default 0). The first matching row counts. */
const MAGIC: readonly {
  readonly begins: string;
  readonly at?: number;
  readonly name: string;
  readonly remedy: string;
}[] = [
  { begins: "\0\0\0\x0cjP  ", name: "a JPEG 2000 picture", remedy: CONVERT },
  { begins: "\xff\x4f\xff\x51", name: "a JPEG 2000 picture", remedy: CONVERT },
  { begins: "\0\0\0\x0cJXL ", name: "a JPEG XL picture", remedy: CONVERT },
  { begins: "\xff\x0a", name: "a JPEG XL picture", remedy: CONVERT },
  { begins: "II\xbc\x01", name: "a JPEG XR picture", remedy: CONVERT },
  { begins: "8BPS", name: "a Photoshop file (PSD)", remedy: CONVERT },
  { begins: "gimp xcf", name: "a GIMP file (XCF)", remedy: CONVERT },
  { begins: "\0\0\x02\0\0\0\0\0", name: "a Targa picture (TGA)", remedy: CONVERT },
  { begins: "\0\0\x0a\0\0\0\0\0", name: "a Targa picture (TGA)", remedy: CONVERT },
  { begins: "\0\0\x01\0", name: "a Windows icon (ICO)", remedy: CONVERT },
  { begins: "\0\0\x02\0", name: "a Windows cursor (CUR)", remedy: CONVERT },
  { begins: "icns", name: "a macOS icon (ICNS)", remedy: CONVERT },
  { begins: "\x76\x2f\x31\x01", name: "an OpenEXR picture", remedy: CONVERT },
  { begins: "#?RADIANCE", name: "a Radiance HDR picture", remedy: CONVERT },
  { begins: "DDS ", name: "a DirectDraw picture (DDS)", remedy: CONVERT },
  { begins: "qoif", name: "a QOI picture", remedy: CONVERT },
  { begins: "\x8aMNG", name: "an MNG animation", remedy: CONVERT },
  { begins: "\x59\xa6\x6a\x95", name: "a Sun raster picture", remedy: CONVERT },
  { begins: "DICM", at: 128, name: "a DICOM file", remedy: CONVERT },
  { begins: "SIMPLE  =", name: "a FITS file", remedy: CONVERT },
  { begins: "II+\0", name: "a BigTIFF picture", remedy: CONVERT },
  { begins: "MM\0+", name: "a BigTIFF picture", remedy: CONVERT },
  { begins: "CR\x02\0", at: 8, name: "a raw photo (CR2)", remedy: DEVELOP },
  { begins: "IIRO", name: "a raw photo (ORF)", remedy: DEVELOP },
  { begins: "IIU\0", name: "a raw photo (RW2)", remedy: DEVELOP },
  { begins: "FUJIFILMCCD-RAW", name: "a raw photo (RAF)", remedy: DEVELOP },
  { begins: "%PDF", name: "a PDF file", remedy: EXTRACT },
  { begins: "%!PS", name: "a PostScript file", remedy: EXTRACT },
  { begins: "\xc5\xd0\xd3\xc6", name: "a PostScript file", remedy: EXTRACT },
  { begins: "\x1a\x45\xdf\xa3", name: "a video (Matroska or WebM)", remedy: EXTRACT },
  { begins: "FLV\x01", name: "a video (FLV)", remedy: EXTRACT },
  { begins: "\0\0\x01\xba", name: "a video (MPEG)", remedy: EXTRACT },
  { begins: "\0\0\x01\xb3", name: "a video (MPEG)", remedy: EXTRACT },
  { begins: "AVI ", at: 8, name: "a video (AVI)", remedy: EXTRACT },
  { begins: "WAVE", at: 8, name: "a sound file (WAV)", remedy: NO_PICTURE },
  { begins: "ID3", name: "a sound file (MP3)", remedy: NO_PICTURE },
  { begins: "\0\x05\x16\x07", name: "a macOS side file (AppleDouble)", remedy: NO_PICTURE },
  { begins: "PK\x03\x04", name: "a zip archive", remedy: UNPACK },
  { begins: "\x1f\x8b", name: "a gzip archive", remedy: UNPACK },
  { begins: "7z\xbc\xaf\x27\x1c", name: "a 7z archive", remedy: UNPACK },
  { begins: "Rar!", name: "a RAR archive", remedy: UNPACK },
  { begins: "ustar", at: 257, name: "a tar archive", remedy: UNPACK },
  { begins: "\x93NUMPY", name: "a NumPy array", remedy: CONVERT },
  { begins: "\x89HDF", name: "an HDF5 file", remedy: CONVERT },
  { begins: "version https://git-lfs", name: "a Git LFS pointer, not the file itself", remedy: "Run `git lfs pull`." },
];

/** Brands of the container that HEIC, videos and AVIF share. */
const HEIC_BRANDS = /^(hei[cmsx]|hev[cmsx]|mif1|msf1|miaf)$/;
const TEXT_BYTES = 4096;

/** The kind of a file in MP4's container, by its brands. */
function kindOfContainer(bytes: Uint8Array): FileKind | null {
  const brands = avifBrands(bytes);
  if (brands.length === 0) return null;
  if (brands[0] === "crx ") return { name: "a raw photo (CR3)", remedy: DEVELOP };
  if (brands.some((brand) => HEIC_BRANDS.test(brand))) return { name: "a HEIC picture", remedy: CONVERT };
  if (brands[0] === "M4A ") return { name: "a sound file (M4A)", remedy: NO_PICTURE };
  return { name: "a video (MP4 or MOV)", remedy: EXTRACT };
}

/** The text without leading comments, declarations and white space. */
function essentialText(text: string): string {
  return text.replace(/^(\s+|<\?[^>]*>|<!--[\s\S]*?-->|<!DOCTYPE svg[^>]*>)+/i, "");
}

/** The kind of a text file; null if the file is not text. */
function kindOfText(bytes: Uint8Array): FileKind | null {
  const part = bytes.subarray(0, TEXT_BYTES);
  const wide = (part[0] === 0xff && part[1] === 0xfe) || (part[0] === 0xfe && part[1] === 0xff);
  let text: string;
  try {
    const encoding = !wide ? "utf-8" : part[0] === 0xff ? "utf-16le" : "utf-16be";
    text = new TextDecoder(encoding, { fatal: true }).decode(part, { stream: true });
  } catch {
    return null;
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: text has none of these
  if (/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text)) return null;
  const start = essentialText(text);
  if (/^<svg[\s>]/i.test(start)) return { name: "an SVG drawing", remedy: CONVERT };
  if (/^<(!doctype html|html|head|body|script|meta)\b/i.test(start)) {
    return { name: "a web page (HTML)", remedy: "The download went wrong: download the file again." };
  }
  if (/^<\w/.test(start)) return { name: "an XML file", remedy: FETCH };
  if (/^[[{]\s*["[{\]}\d]/.test(start)) return { name: "a JSON file", remedy: FETCH };
  return { name: "plain text", remedy: FETCH };
}

/** True for Netpbm files, whose header is text, with pixels as bytes as well. */
function isNetpbm(bytes: Uint8Array): boolean {
  const head = textOf(bytes, 0, 64);
  return /^(P[1-6][\s#]+[\s\d#]|P7\nWIDTH|P[Ff]\s\d)/.test(head);
}

/** The kind of a file that decodeImage does not read; null if its first bytes are unknown. */
export function kindOfFile(bytes: Uint8Array): FileKind | null {
  if (bytes.length === 0) return { name: "an empty file", remedy: FETCH };
  const head = textOf(bytes, 0, 512);
  const found = MAGIC.find(({ begins, at = 0 }) => head.startsWith(begins, at));
  if (found !== undefined) return { name: found.name, remedy: found.remedy };
  if (isNetpbm(bytes)) return { name: "a Netpbm picture (PPM, PGM or PBM)", remedy: CONVERT };
  const tail = Math.max(0, bytes.length - 18);
  if (textOf(bytes, tail, tail + 16) === "TRUEVISION-XFILE") return { name: "a Targa picture (TGA)", remedy: CONVERT };
  if (bytes.subarray(0, TEXT_BYTES).every((byte) => byte === 0)) return { name: "a file of zero bytes", remedy: FETCH };
  return kindOfContainer(bytes) ?? kindOfText(bytes);
}
