/**
 * Holds codecs that were built by Emscripten (@jsquash/*): each is loaded when the first file needs it and replaced
 * after a failure.
 */
import { readAsset } from "#platform";

/** The part of Emscripten's module options that we set. */
interface EmscriptenOptions {
  readonly noInitialRun: boolean;
  readonly print: (line: string) => void;
  readonly printErr: (line: string) => void;
  readonly instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => object;
}

/**
 * Number of pixels above which a codec is replaced after use. Otherwise it would keep some ten bytes per pixel for as
 * long as it lives.
 */
export const KEPT_PIXELS = 16e6;
/** Number of pixels that an image may always have, and the number of further pixels per byte of the file. */
const [FREE_PIXELS, PIXELS_A_BYTE] = [4e6, 4096];

/**
 * Refuses images whose few bytes claim many pixels, before the codec uses time and memory for them. A photo has more
 * than a hundred times as many bytes as required here. Only a large image of a single colour has fewer. @throws Error
 */
export function expectDensity(bytes: number, width: number, height: number): void {
  if (width * height > FREE_PIXELS + PIXELS_A_BYTE * bytes) {
    throw new Error(`${bytes} compressed bytes cannot hold the ${width} x ${height} pixels of a photo`);
  }
}

/**
 * Holds one codec. A codec ends its program on a fatal error, and its memory never shrinks. So a codec that has failed
 * or grown is replaced by a new instance of the same compiled module.
 */
export class CodecHolder<Codec> {
  private ready: Promise<Codec> | null = null;
  private compiled: Promise<WebAssembly.Module> | null = null;
  private readonly factory: (options: EmscriptenOptions) => Promise<Codec>;
  private readonly file: string;
  private messages: string[] = [];

  /**
   * @param factory the default export of the codec's JavaScript file, which has no types
   * @param file    its .wasm file, as a path within a package
   */
  constructor(factory: unknown, file: string) {
    this.factory = factory as (options: EmscriptenOptions) => Promise<Codec>;
    this.file = file;
  }

  private async create(): Promise<Codec> {
    this.compiled ??= readAsset(this.file).then((bytes) => WebAssembly.compile(bytes));
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

  /** Discards the codec and its memory. The next run() makes a new one. */
  drop(): void {
    this.ready = null;
  }

  /**
   * Runs `work` and returns its result with the first line that the codec printed, or null. @throws Error with the
   * codec's last line if the codec failed
   */
  async run<T>(work: (codec: Codec) => T): Promise<{ result: T; warning: string | null }> {
    this.messages = [];
    try {
      this.ready ??= this.create();
      const codec = await this.ready;
      this.messages = [];
      return { result: work(codec), warning: this.messages[0] ?? null };
    } catch (error) {
      this.ready = null;
      throw new Error(this.messages.at(-1) ?? String(error), { cause: error });
    }
  }
}
