/** Recognising files that are not images that we read. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const container = (...brands: string[]): Buffer => {
  const head = Buffer.alloc(8 + brands.length * 4 + 4);
  head.writeUInt32BE(head.length, 0);
  head.write(`ftyp${brands[0]}`, 4, "latin1");
  head.write(brands.slice(1).join(""), 16, "latin1");
  return Buffer.concat([head, Buffer.alloc(400, 1)]);
};
const tar = Buffer.alloc(1024);
tar.write("a.jpg", 0, "latin1");
tar.write("ustar\x0000", 257, "latin1");

const KINDS: readonly (readonly [Uint8Array, RegExp])[] = [
  [Buffer.alloc(0), /an empty file\. Download or copy the file again/],
  [Buffer.alloc(5000), /a file of zero bytes\. Download or copy/],
  [container("heic", "mif1", "heic"), /a HEIC picture\. Convert it to JPEG or PNG/],
  [container("mif1", "mif1", "heic"), /a HEIC picture/],
  [container("isom", "isom", "avc1", "mp41"), /a video \(MP4 or MOV\)\. Export pictures/],
  [container("qt  "), /a video/],
  [container("crx "), /a raw photo \(CR3\)/],
  [latin1("\0\0\0\x0cjP  \r\n\x87\nabc"), /a JPEG 2000 picture/],
  [latin1("\xff\x4f\xff\x51\0\x29"), /a JPEG 2000 picture/],
  [latin1("\xff\x0a\xfa\x1f"), /a JPEG XL picture/],
  [latin1("8BPS\0\x01"), /a Photoshop file \(PSD\)/],
  [latin1("\0\0\x01\0\x01\0  "), /a Windows icon \(ICO\)/],
  [latin1("\0\0\x02\0\0\0\0\0\0\0\0\0\x10\0\x10\0\x18\0"), /a Targa picture/],
  [latin1("P6\n3 2\n255\n\x01\x80\xff"), /a Netpbm picture/],
  [latin1("P2 2 1 9\n1 2\n"), /a Netpbm picture/],
  [latin1("P5\n# by hand\n2 1 255\n\xff\x90"), /a Netpbm picture/],
  [latin1("\x76\x2f\x31\x01\x02"), /an OpenEXR picture/],
  [latin1("II*\0\x10\0\0\0CR\x02\0"), /a raw photo \(CR2\)\. Develop it/],
  [latin1("<svg xmlns='http://www.w3.org/2000/svg'/>"), /an SVG drawing/],
  [latin1("\ufeff<?xml version='1.0'?>\n<!-- by hand -->\n<svg>".replace("\ufeff", "\xef\xbb\xbf")), /an SVG drawing/],
  [latin1("<!DOCTYPE html><html><body>404</body></html>"), /a web page \(HTML\)\. The download went wrong/],
  [latin1("\n\n  <HTML><head>"), /a web page/],
  [latin1("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"), /an XML file/],
  [latin1('{"error": "not found"}'), /a JSON file/],
  [latin1("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"), /a Git LFS pointer.*`git lfs pull`/],
  [latin1("BMW is no bitmap, and this is text.\n"), /plain text/],
  [Buffer.from("Füße und Zähne\n"), /plain text/],
  [Buffer.from("\ufeffwide", "utf16le"), /plain text/],
  [latin1("%PDF-1.7\n%\xe2\xe3"), /a PDF file/],
  [latin1("\x1a\x45\xdf\xa3\x01"), /a video \(Matroska or WebM\)/],
  [latin1("RIFF\x10\0\0\0AVI LIST"), /a video \(AVI\)/],
  [latin1("RIFF\x10\0\0\0WAVEfmt "), /a sound file/],
  [latin1("PK\x03\x04\x14\0"), /a zip archive\. Unpack it/],
  [gzipSync("a"), /a gzip archive/],
  [tar, /a tar archive/],
  [latin1("\0\x05\x16\x07\0\x02\0\0Mac OS X        "), /a macOS side file \(AppleDouble\)\. Remove it/],
  [latin1("\xff\xd8\xff"), /a JPEG file with a damaged header\. Replace/],
  [latin1("\x89PNG\r\n\x1a\n\0\0\0\x0d"), /a PNG file with a damaged header/],
  [latin1("RIFF\x10\0\0\0WEBPVP8 "), /a WEBP file with a damaged header/],
  [container("avif"), /an? AVIF file with a damaged header/],
  [latin1("\x9a\x01\x90\0\xfe\xfa\x80"), /another kind of file\. Replace/],
];

describe("image/kinds", () => {
  it("names what a file is that goes under a picture's name, and says what to do", async () => {
    for (const [bytes, words] of KINDS) {
      for (const tolerant of [false, true]) {
        await assert.rejects(decodeImage(bytes, "a/photo.jpg", { tolerant }), (error: Error) => {
          assert.ok(error instanceof InputError, error.stack);
          const form =
            /^a\/photo\.jpg: image: expected JPEG, PNG, BMP, GIF, TIFF, WebP or AVIF, received .+\. [A-Z].+\.$/;
          assert.match(error.message, form);
          assert.match(error.message, words);
          return true;
        });
      }
    }
  });
});
