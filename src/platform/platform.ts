/** What differs between Node.js and a browser; node.ts and browser.ts implement it, and `#platform` (package.json) chooses one. */
export interface Platform {
  /** The SHA-256 of bytes that follow one another, as 64 hexadecimal digits. */
  sha256(parts: readonly Uint8Array<ArrayBufferLike>[]): Promise<string>;
}
