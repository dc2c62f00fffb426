/** The platform on Node.js. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, workerData } from "node:worker_threads";
import { constants, createInflate, deflateSync, inflateRawSync, inflateSync, crc32 as nodeCrc32 } from "node:zlib";
import type { Inflated, Platform } from "./platform.js";

const { resolve } = createRequire(import.meta.url);

/** The path of a file in a package, which need not exist. @throws the system's error if the package is missing */
function pathInPackage(name: string): string {
  const [, folder, file] = /^((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(name)!;
  return join(dirname(resolve(`${folder}/package.json`)), file);
}

/** The path of a file that readAsset() reads by this name. @throws the system's error if its package is missing */
export function assetPath(name: string): string {
  return name.includes("/") ? pathInPackage(name) : fileURLToPath(new URL(`../../wasm/${name}`, import.meta.url)); // dist/wasm
}

export const readAsset: Platform["readAsset"] = async (name) => readFile(assetPath(name));

export const startHelper: Platform["startHelper"] = (entry, data, onEnd) => {
  let reason = "";
  const worker = new Worker(entry, { workerData: data });
  worker.unref();
  worker.on("error", (error) => {
    reason = String(error);
  });
  worker.once("exit", (code) => onEnd(reason || `exit code ${code}`));
  return worker;
};

export const helperData: Platform["helperData"] = async () => workerData;

export const threads: Platform["threads"] = availableParallelism;

export const addressSpace: Platform["addressSpace"] = () => {
  try {
    const [, bytes] = /^Max address space +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    if (bytes === undefined) return null;
    const [, kibibytes = "0"] = /^VmSize:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return { limit: Number(bytes), left: Number(bytes) - Number(kibibytes) * 1024 };
  } catch {
    return null;
  }
};

export const kernelBuild: Platform["kernelBuild"] = () => process.env.ELEGANT_SIMD || null;

/** V8 13 and newer (Node.js 24). */
export const endsWithoutRoom = Number(process.versions.v8.split(".")[0]) >= 13;

export const warn: Platform["warn"] = (message) => process.emitWarning(message);

export const sha256: Platform["sha256"] = async (parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

export const crc32: Platform["crc32"] = (bytes) => nodeCrc32(bytes);

const PROBLEMS: Readonly<Record<string, "cut" | "broken" | "long">> = {
  Z_BUF_ERROR: "cut",
  Z_DATA_ERROR: "broken",
  // The stream asks for a dictionary that nobody has.
  Z_NEED_DICT: "broken",
  ERR_BUFFER_TOO_LARGE: "long",
};

function attempt(unpack: () => Uint8Array): Inflated {
  try {
    return { data: unpack(), problem: null };
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (!(code in PROBLEMS)) throw error; // memory has run out
    return { data: null, problem: PROBLEMS[code], detail: message };
  }
}

export const inflate: Platform["inflate"] = (bytes, limit) =>
  attempt(() => inflateSync(bytes, { chunkSize: Math.max(64, limit), maxOutputLength: Math.max(1, limit) }));

export const inflateRaw: Platform["inflateRaw"] = (bytes, limit) =>
  attempt(() => inflateRawSync(bytes, { maxOutputLength: Math.max(1, limit) }));

export const inflatePart: Platform["inflatePart"] = (bytes, length) =>
  new Promise((resolve) => {
    const output = new Uint8Array(length);
    let at = 0;
    // Use small buffers: if the stream turns out to be damaged, zlib's output since the last full buffer is lost.
    const stream = createInflate({ chunkSize: Math.max(64, Math.ceil(length / 1024)) });
    const end = (): void => {
      stream.removeAllListeners("data");
      stream.destroy();
      resolve(output.subarray(0, at));
    };
    stream.on("data", (chunk: Buffer) => {
      const kept = chunk.subarray(0, length - at);
      output.set(kept, at);
      at += kept.length;
      if (at === length) end();
    });
    stream.on("error", end);
    stream.on("end", end);
    // A flush returns all data before the point where a stream breaks off; end() would lose them.
    const step = Math.max(64, Math.ceil(bytes.length / 256));
    for (let from = 0; from < bytes.length; from += step) stream.write(bytes.subarray(from, from + step));
    stream.flush(() => setImmediate(end));
  });

export const deflatePixels: Platform["deflatePixels"] = (bytes) =>
  deflateSync(bytes, { chunkSize: 32 * 1024, level: 3, strategy: constants.Z_RLE });
