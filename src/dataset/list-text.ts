/** Decodes the text of a list from any program (UTF-8 or UTF-16, any line ends), and recognises files that are not lists. */
import { describeMismatch, InputError } from "../errors.js";

/** Other kinds of files that may have a list's name, by their first bytes. */
const OTHERS: readonly { readonly magic: readonly number[]; readonly what: string; readonly remedy: string }[] = [
  {
    magic: [0x50, 0x4b, 0x03, 0x04],
    what: "an Excel workbook or a zip archive",
    remedy: "Save the sheet as CSV UTF-8, or unpack the archive.",
  },
  { magic: [0x1f, 0x8b], what: "a gzip file", remedy: "Unpack it with gunzip." },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], what: "an old Excel workbook", remedy: "Save the sheet as CSV UTF-8." },
  { magic: [0x25, 0x50, 0x44, 0x46], what: "a PDF file", remedy: "Get the list itself." },
];
/** Number of bytes examined to recognise UTF-16 without a byte order mark. */
const SAMPLE = 1024;

function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  // File names and numbers are mostly ASCII, so every other byte is zero.
  const sample = bytes.subarray(0, SAMPLE);
  const zeros = [0, 0];
  for (const [i, byte] of sample.entries()) if (byte === 0) zeros[i % 2]++;
  if (zeros[1] * 4 > sample.length) return "utf-16le";
  return zeros[0] * 4 > sample.length ? "utf-16be" : "utf-8";
}

/**
 * Decodes a list. Line ends become \n. Blank lines and a Ctrl-Z at the end are removed.
 * @param list its name in messages
 * @throws InputError if the bytes are not text, or if their encoding is not recognised
 */
export function decodeListText(bytes: Uint8Array, list: string): string {
  const other = OTHERS.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));
  if (other !== undefined) {
    throw new InputError(describeMismatch(list, "a list of files and numbers", other.what, other.remedy));
  }
  let text: string;
  try {
    text = new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    const remedy = "Save it as UTF-8 (in Excel: CSV UTF-8).";
    throw new InputError(describeMismatch(list, "text in UTF-8 or UTF-16", "another encoding", remedy));
  }
  if (text.startsWith("version https://git-lfs")) {
    const remedy = "Run 'git lfs pull' where the list comes from.";
    throw new InputError(describeMismatch(list, "a list of files and numbers", "a Git LFS pointer", remedy));
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: DOS ends texts with a Ctrl-Z
  return text.replace(/\r\n?/g, "\n").replace(/[\s\0\x1a]+$/, "");
}
