/** Encoding of pictures: JPEG by mozjpeg (WASM). */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import encode, { init } from "@jsquash/jpeg/encode.js";
import type { RgbaImage } from "../types.js";

declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> };

let loading: Promise<void> | null = null;

function loadEncoder(): Promise<void> {
  loading ??= (async () => {
    const require = createRequire(import.meta.url);
    const path = require.resolve("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm");
    await init(await WebAssembly.compile(await readFile(path)));
  })();
  return loading;
}

/** JPEG file of the image; quality 1 to 100. */
export async function encodeJpeg(image: RgbaImage, quality: number): Promise<Uint8Array> {
  await loadEncoder();
  const { width, height } = image;
  const data = new Uint8ClampedArray(image.data);
  return new Uint8Array(await encode({ data, width, height, colorSpace: "srgb" }, { quality, progressive: false }));
}
