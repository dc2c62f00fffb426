/**
 * The engines of the page: one on `wasm`, which also reads photos, and one on the GPU where that is faster. Faces are
 * given to an engine when an edit first needs them, so that an engine can be replaced at any time.
 */
import type { RgbaImage } from "../../types.js";
import type { Engine, EngineFacts, EngineOptions, ModelFacts } from "../protocol.js";
import { type EngineClient, startEngine, UserError } from "./engine-client.js";

/** Number of faces that an engine keeps encoded, more than one edit needs. A face of a large model takes 30 MB. */
const MOST_FACES = 16;
/** Milliseconds of an edit on `wasm` below which a faster device would not be noticed. */
const QUICK_ENOUGH = 25;

export interface EngineWishes {
  /** null to choose by measurement. */
  readonly device: "wasm" | "webgpu" | null;
  readonly threads: number;
  readonly simd: "plain" | null;
}

interface Opened {
  readonly client: EngineClient;
  readonly facts: EngineFacts;
  /** Names of the faces that the engine has. */
  readonly encoded: Set<string>;
}

interface Model {
  readonly bytes: Uint8Array;
  readonly name: string;
}

export class Engines {
  private readonly wishes: EngineWishes;
  private readonly main: Opened;
  private gpu: Opened | null = null;
  private model: Model | null = null;
  /** Called when edits move to another device, with a sentence for the user if something was lost. */
  onChange: (facts: EngineFacts, notice: string | null) => void = () => {};

  private constructor(wishes: EngineWishes, main: Opened) {
    this.wishes = wishes;
    this.main = main;
  }

  /** Starts the `wasm` engine. @throws Error if the browser does not run it */
  static async start(wishes: EngineWishes): Promise<Engines> {
    return new Engines(wishes, await openEngine({ ...wishes, device: "wasm" }));
  }

  /** The engine that reads photos, pastes faces and writes files. */
  get reader(): Engine {
    return this.main.client;
  }

  /** The device that edits. */
  get facts(): EngineFacts {
    return (this.gpu ?? this.main).facts;
  }

  /** @throws UserError if the file is not a model that edits by references */
  async openModel(bytes: Uint8Array, name: string): Promise<ModelFacts> {
    const facts = await this.main.client.openModel(bytes, name);
    this.main.encoded.clear();
    this.model = { bytes, name };
    this.gpu?.client.close();
    this.gpu = null;
    return facts;
  }

  /**
   * Moves edits to the GPU if it is faster. Call it when nothing is waiting. A GPU that fails is not an error: edits stay
   * where they are.
   */
  async considerGpu(): Promise<void> {
    const { device } = this.wishes;
    if (this.model === null || this.gpu !== null || device === "wasm" || navigator.gpu === undefined) return;
    const isForced = device === "webgpu";
    const adapter = await navigator.gpu.requestAdapter();
    if (!isForced && (adapter === null || adapter.info.isFallbackAdapter)) return;
    const ours = await this.main.client.measure();
    if (!isForced && ours < QUICK_ENOUGH) return;
    let candidate: Opened | null = null;
    try {
      candidate = await openEngine({ ...this.wishes, device: "webgpu" });
      if (!isForced && candidate.facts.isSoftware) throw new Error("the GPU is software");
      await candidate.client.openModel(this.model.bytes, this.model.name);
      const theirs = await candidate.client.measure();
      if (!isForced && theirs >= ours) throw new Error(`${theirs.toFixed(0)} ms instead of ${ours.toFixed(0)} ms`);
      this.gpu = candidate;
      this.onChange(candidate.facts, null);
    } catch (error) {
      candidate?.client.close();
      console.info(`Edits stay on wasm: ${String(error)}`);
      if (isForced) this.onChange(this.main.facts, `The GPU cannot be used: ${messageOf(error)}`);
    }
  }

  /**
   * Runs work that needs faces. If the GPU fails, the work runs again on `wasm`, and onChange reports it.
   * @param faces crops by their names; equal names stand for equal crops
   */
  async withFaces<T>(faces: ReadonlyMap<string, RgbaImage>, work: (engine: Engine) => Promise<T>): Promise<T> {
    if (this.gpu !== null) {
      try {
        return await runOn(this.gpu, faces, work);
      } catch (error) {
        if (error instanceof UserError) throw error;
        this.gpu.client.close();
        this.gpu = null;
        this.onChange(this.main.facts, "The GPU was lost. Edits continue on the processor.");
      }
    }
    return runOn(this.main, faces, work);
  }
}

async function openEngine(options: EngineOptions): Promise<Opened> {
  const client = startEngine();
  try {
    return { client, facts: await client.open(options), encoded: new Set() };
  } catch (error) {
    client.close();
    throw error;
  }
}

async function runOn<T>(
  { client, encoded }: Opened,
  faces: ReadonlyMap<string, RgbaImage>,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  for (const [name, crop] of faces) {
    // Names are in the order of their last use.
    if (!encoded.delete(name)) await client.encode(name, crop);
    encoded.add(name);
  }
  for (const name of [...encoded].slice(0, Math.max(0, encoded.size - MOST_FACES))) {
    await client.forget(name);
    encoded.delete(name);
  }
  return work(client);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
