/** Checks file names from lists. They come from outside and become paths that are read and written. */

/** Names that Windows reserves for devices, with any extension. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;
/** Largest length of one part of a path in bytes: the limit of file systems, minus room for suffixes that we append. */
const MOST_BYTES = 240;

/**
 * Why a name from a list is refused, or null if it is fine. The rules are the same on all systems, so a list works
 * everywhere or nowhere: a name must not leave its folder, and every folder must be able to contain it. `/` separates
 * folders.
 */
export function nameProblem(name: string): string | null {
  if (name === "") return "it is empty";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\x00-\x1f\x7f]/.test(name)) return "it holds a control character";
  if (name.includes("\\")) return "it holds a backslash";
  if (name.includes(":")) return "it holds a colon";
  if (/[<>"|?*]/.test(name)) return 'it holds one of < > " | ? *';
  if (name.startsWith("/")) return "it is absolute";
  for (const part of name.split("/")) {
    if (part === "") return "a part of it is empty";
    if (part === "." || part === "..") return `'${part}' leaves its place`;
    if (RESERVED.test(part)) return `'${part}' is a device's name on Windows`;
    if (/[. ]$/.test(part)) return `'${part}' ends with a dot or a space`;
    if (Buffer.byteLength(part) > MOST_BYTES) return `a part of it is longer than ${MOST_BYTES} bytes`;
  }
  return null;
}

/** A name for messages, with control characters escaped, so that it cannot control a terminal. */
export function printable(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  return name.replace(/[\x00-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
