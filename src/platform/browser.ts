/** The platform in a browser. All assets are in one folder, by default wasm/ next to src/; helpers are module workers. */
import { Inflate, inflateSync, unzlibSync, zlibSync } from "fflate";
import type { Inflated, Platform } from "./platform.js";

/** Null for the default folder, whose URL is computed when it is needed: a classic script has no URL to start from. */
let assetFolder: URL | null = null;

/**
 * Chooses the folder of the files that readAsset() reads. Call it before the first of them is needed, in each thread that
 * reads some. All files are directly in this folder, by their base names.
 * @param folder its URL, with or without a slash at the end
 */
export function setAssetFolder(folder: URL): void {
  assetFolder = new URL(folder);
  if (!assetFolder.pathname.endsWith("/")) assetFolder.pathname += "/";
}

/** Files that preloadAssets() has read, by name. */
const preloaded = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/**
 * Reads files that may be needed later, so that they are there without a connection.
 * @throws Error if one of them cannot be read; the next call reads it again
 */
export async function preloadAssets(names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (preloaded.has(name)) continue;
    const bytes = download(name);
    bytes.catch(() => preloaded.delete(name));
    preloaded.set(name, bytes);
  }
  await Promise.all(names.map((name) => preloaded.get(name)));
}

export const readAsset: Platform["readAsset"] = async (name) => {
  const known = await preloaded.get(name);
  return known === undefined ? download(name) : known.slice();
};

async function download(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = assetFolder ?? new URL("../../wasm/", import.meta.url);
  const url = new URL(name.slice(name.lastIndexOf("/") + 1), folder);
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    // A connection that fails or breaks off has a message without the URL.
    throw new Error(`${url}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

export const startHelper: Platform["startHelper"] = (entry, data, onEnd) => {
  const worker = new Worker(entry, { type: "module" });
  worker.onerror = ({ message }) => {
    worker.terminate(); // it may have failed before it could take part
    onEnd(message || "it could not be loaded");
  };
  worker.postMessage(data);
  return { terminate: async () => worker.terminate() };
};

export const helperData: Platform["helperData"] = () =>
  new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data), { once: true }));

export const threads: Platform["threads"] = () => navigator.hardwareConcurrency;

export const addressSpace: Platform["addressSpace"] = () => null;

let wantedBuild: "plain" | null = null;

/** Chooses the build of the kernels, as ELEGANT_SIMD does in Node.js. Call it before the first kernel is loaded. */
export function setKernelBuild(build: "plain" | null): void {
  wantedBuild = build;
}

export const kernelBuild: Platform["kernelBuild"] = () => wantedBuild;

export const endsWithoutRoom = false;

export const warn: Platform["warn"] = (message) => console.warn(message);

export const sha256: Platform["sha256"] = async (parts) => {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = (byte & 1) === 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

export const crc32: Platform["crc32"] = (bytes) => {
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
};

/** Unpacks into one byte more than allowed: fflate drops bytes that do not fit, so a full output is too long. */
function attempt(limit: number, unpack: (out: Uint8Array) => Uint8Array): Inflated {
  try {
    const data = unpack(new Uint8Array(limit + 1));
    if (data.length <= limit) return { data, problem: null };
    return { data: null, problem: "long", detail: `more than ${limit} bytes` };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    // An uncompressed block that does not fit is not dropped but fails.
    const problem = error instanceof RangeError ? "long" : detail === "unexpected EOF" ? "cut" : "broken";
    return { data: null, problem, detail };
  }
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (let i = 0; i < bytes.length; ) {
    for (const end = Math.min(bytes.length, i + 3800); i < end; i++) b += a += bytes[i]; // sums below 2^32
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}

/** True if the bytes contain a checksum. fflate does not say where a stream ends, so it is searched from the last byte on. */
function holdsChecksum(bytes: Uint8Array, checksum: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes.length - 4; at >= 2; at--) if (view.getUint32(at) === checksum) return true;
  return false;
}

export const inflate: Platform["inflate"] = (bytes, limit) => {
  const inflated = attempt(limit, (out) => unzlibSync(bytes, { out }));
  if (inflated.data === null || holdsChecksum(bytes, adler32(inflated.data))) return inflated;
  return { data: null, problem: "broken", detail: "incorrect data check" };
};

export const inflateRaw: Platform["inflateRaw"] = (bytes, limit) =>
  attempt(limit, (out) => inflateSync(bytes, { out }));

export const inflatePart: Platform["inflatePart"] = async (bytes, length) => {
  const output = new Uint8Array(length);
  let at = 0;
  const stream = new Inflate((chunk) => {
    const kept = chunk.subarray(0, length - at);
    output.set(kept, at);
    at += kept.length;
  });
  const step = Math.max(64, Math.ceil(bytes.length / 256));
  try {
    for (let from = 2; from < bytes.length && at < length; from += step) stream.push(bytes.subarray(from, from + step));
  } catch {
    // The bytes so far are the result.
  }
  return output.subarray(0, at);
};

export const deflatePixels: Platform["deflatePixels"] = (bytes) => zlibSync(bytes, { level: 3 });
