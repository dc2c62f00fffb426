/**
 * Decodes JPEG files by our own kernel (assembly/image/jpeg-decode.ts) or by mozjpeg in WASM (@jsquash/jpeg), which knows
 * progressive and other files; their pixels are equal. Both keep the stored frame: EXIF orientation is not applied.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import decoderFactory from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";
import { readBaselineJpeg } from "./jpeg-header.js";
import { Pixels } from "./pixels.js";

interface Codec {
  decode(data: Uint8Array, preserveOrientation: boolean): RgbaImage | null;
}

/** The part of Emscripten's module options that we set. */
interface EmscriptenOptions {
  readonly noInitialRun: boolean;
  readonly print: (line: string) => void;
  readonly printErr: (line: string) => void;
  readonly instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => object;
}
type Factory = (options: EmscriptenOptions) => Promise<Codec>;

/** One side of the codec. libjpeg ends its program on a fatal error, so a codec that failed is replaced by a new one. */
class CodecHolder {
  private ready: Promise<Codec> | null = null;
  private compiled: Promise<WebAssembly.Module> | null = null;
  private readonly factory: Factory;
  private readonly file: string;
  private messages: string[] = [];

  constructor(factory: unknown, file: string) {
    this.factory = factory as Factory;
    this.file = file;
  }

  private async create(): Promise<Codec> {
    this.compiled ??= readFile(createRequire(import.meta.url).resolve(this.file)).then((b) => WebAssembly.compile(b));
    const module = await this.compiled;
    const note = (line: string): void => {
      this.messages.push(line);
    };
    return this.factory({
      noInitialRun: true,
      print: note,
      printErr: note,
      instantiateWasm(imports, done) {
        const instance = new WebAssembly.Instance(module, imports);
        done(instance);
        return instance.exports;
      },
    });
  }

  /** Runs `work` and returns its result; throws an Error with libjpeg's own words when it failed or only warned. */
  async run<T>(work: (codec: Codec) => T): Promise<T> {
    this.ready ??= this.create();
    const codec = await this.ready;
    this.messages = [];
    let result: T;
    try {
      result = work(codec);
    } catch (error) {
      this.ready = null;
      throw new Error(this.messages.at(-1) ?? String(error), { cause: error });
    }
    // libjpeg only warns of data that breaks off or makes no sense, and fills the rest with grey. It prints the first
    // warning alone; stray bytes before the end marker (0xd9) come after all of the picture and do no harm.
    const warning = this.messages[0];
    if (warning !== undefined && !/extraneous bytes before marker 0xd9/.test(warning)) throw new Error(warning);
    return result;
  }
}

const decoder = new CodecHolder(decoderFactory, "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm");

let pixels: Promise<Pixels> | null = null;

/** Decodes a grey or colour JPEG file of any kind. Throws an Error with the decoder's words. */
export async function decodeWithMozjpeg(bytes: Uint8Array): Promise<RgbaImage> {
  const image = await decoder.run((codec) => codec.decode(bytes, false));
  if (image === null) throw new Error("The decoder returned nothing");
  return image;
}

/**
 * Decodes a grey or colour JPEG file to RGBA in its stored frame: baseline files by our own kernel, three times as fast,
 * and the rest by mozjpeg, which also has the word on damaged files. Throws an Error with the decoder's words.
 */
export async function decodeJpeg(bytes: Uint8Array): Promise<RgbaImage> {
  const jpeg = readBaselineJpeg(bytes);
  if (jpeg !== null) {
    pixels ??= loadModule("image").then((module) => new Pixels(module));
    const image = (await pixels).decodeWhole(bytes, jpeg);
    if (image !== null) return image;
  }
  return decodeWithMozjpeg(bytes);
}
