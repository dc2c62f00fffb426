/** What differs between Node.js and a browser; node.ts and browser.ts implement it, and `#platform` (package.json) chooses one. */

/** An unpacked stream, or why there is none. */
export type Inflated =
  | { readonly data: Uint8Array; readonly problem: null }
  /** `cut`: the stream breaks off. `broken`: it is damaged. `long`: it holds more bytes than allowed. */
  | { readonly data: null; readonly problem: "cut" | "broken" | "long"; readonly detail: string };

/** A helper thread. */
export interface Helper {
  terminate(): Promise<unknown>;
}

export interface Platform {
  /**
   * Returns the bytes of a file that ships with the package or one of its dependencies.
   * @param name "nn.wasm" for our own kernels; a path within a package for all other files, such as "@jsquash/webp/..." or
   *   "@vladmandic/face-api/model/ssd_mobilenetv1_model.bin"
   * @throws the system's error if the file is missing; in a browser, an Error with the URL and the reason
   */
  readAsset(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Starts a thread that runs the module `entry`, and gives it `data`. It never keeps the process alive.
   * @param onEnd called once, with the reason, when the thread ends, whether it failed or was terminated
   * @throws the system's error if it allows no more threads
   */
  startHelper(entry: URL, data: unknown, onEnd: (reason: string) => void): Helper;
  /** Returns the data that startHelper() gave to the calling thread. */
  helperData(): Promise<unknown>;
  /** Returns the number of hardware threads that the process may use, at least 1. */
  threads(): number;
  /** Returns the limit of the process's addresses and how many are left, in bytes; null without a limit or if it is unknown. */
  addressSpace(): { readonly limit: number; readonly left: number } | null;
  /** Returns the build of the kernels that the user wants (ELEGANT_SIMD), as given; null to leave the choice to the engine. */
  kernelBuild(): string | null;
  /** True if a thread that finds no addresses for itself ends the whole process without a message. */
  readonly endsWithoutRoom: boolean;
  /** Shows a warning of a library function, which has no other way to report it. */
  warn(message: string): void;
  /** Returns the SHA-256 of bytes that follow one another, as 64 hexadecimal digits. */
  sha256(parts: readonly Uint8Array<ArrayBufferLike>[]): Promise<string>;
  /** Returns the CRC-32 of zip archives and PNG files, from 0 to 2^32 - 1. */
  crc32(bytes: Uint8Array): number;
  /** Unpacks a zlib stream of at most `limit` bytes and checks its checksum. Bytes after the stream are ignored. Never throws. */
  inflate(bytes: Uint8Array, limit: number): Inflated;
  /** Unpacks a deflate stream without header and checksum, of at most `limit` bytes. Never throws. */
  inflateRaw(bytes: Uint8Array, limit: number): Inflated;
  /**
   * Unpacks as much of a damaged zlib stream as possible, at most `length` bytes. Up to a thousandth of `length` before
   * the damaged place can be lost in Node.js, and a 256th of the packed bytes in a browser. Never rejects.
   */
  inflatePart(bytes: Uint8Array, length: number): Promise<Uint8Array>;
  /** Packs filtered rows of pixels as a zlib stream, quickly rather than tightly. Each platform packs in its own way. */
  deflatePixels(bytes: Uint8Array): Uint8Array;
}
