/**
 * The messages between the page and its engine, a Worker. The page keeps all pictures, so that an engine can be replaced
 * when a GPU is lost; the engine keeps what it has computed from them.
 */
import type { CroppedFace } from "../detection/cropped-face.js";
import type { Affine, RgbaImage } from "../types.js";

/** A device that an engine opens. */
export interface EngineOptions {
  readonly device: "wasm" | "webgpu";
  /** Number of threads of `wasm`. */
  readonly threads: number;
  /** "plain" for the plain build of the kernels, as ELEGANT_SIMD does on the command line; null for the best one. */
  readonly simd: "plain" | null;
}

export interface EngineFacts {
  readonly device: "wasm" | "webgpu";
  /** For people: the device, its threads, and why. */
  readonly description: string;
  readonly threads: number;
  /** True for a GPU that the CPU imitates. */
  readonly isSoftware: boolean;
}

export interface ModelFacts {
  readonly method: string;
  readonly size: number;
  readonly attributes: readonly string[];
}

export interface FoundPhoto {
  readonly photo: RgbaImage;
  /** Faces that can be aligned, the largest first. */
  readonly faces: readonly CroppedFace[];
  /** Number of faces that were found but cannot be aligned, because they are turned to the side. */
  readonly profiles: number;
}

/** An attribute that goes its share of the way to the reference's. */
export interface ShareRequest {
  readonly attribute: string;
  /** Name under which the page has given the reference to the engine. */
  readonly reference: string;
  /** From 0 to 1. */
  readonly share: number;
}

/** The model's output without the edit and with it, both of the model's size. */
export interface EditedFace {
  readonly before: RgbaImage;
  readonly after: RgbaImage;
  /** Time of the edit in the engine. */
  readonly milliseconds: number;
}

/** The functions of an engine. The page calls each of them by one message, and gets the result by another. */
export interface Engine {
  open(options: EngineOptions): Promise<EngineFacts>;
  /** Opens a generator file or a checkpoint, and closes the model before it. @param name for messages */
  openModel(bytes: Uint8Array, name: string): Promise<ModelFacts>;
  /** Decodes a photo and finds its faces. Only `wasm` engines do this. @param name for messages */
  readPhoto(bytes: Uint8Array, name: string): Promise<FoundPhoto>;
  /** Decodes a picture without looking for faces. */
  readPicture(bytes: Uint8Array, name: string): Promise<RgbaImage>;
  /** Cuts an aligned crop. @param matrix picture -> crop of `size` pixels */
  cut(picture: RgbaImage, matrix: Affine, size: number): Promise<RgbaImage>;
  /** Loads everything that readPhoto() needs, so that it works without a connection. */
  prepare(): Promise<void>;
  /** Encodes an aligned face under a name, which replaces an earlier face of that name. */
  encode(name: string, crop: RgbaImage): Promise<void>;
  /** Frees what encode() has made; unknown names are ignored. */
  forget(name: string): Promise<void>;
  /** Edits a face. Shares of 0 are left out. */
  edit(face: string, shares: readonly ShareRequest[]): Promise<EditedFace>;
  /** Blends two attributes, columns by the first and rows by the second. Returns rows * columns pictures, row by row. */
  grid(face: string, shares: readonly [ShareRequest, ShareRequest], side: number): Promise<readonly RgbaImage[]>;
  /** Shows the steps of an exchange. Maps of the latent are small. */
  explain(face: string, share: ShareRequest): Promise<Readonly<Record<string, RgbaImage | null>>>;
  /** Adds the change of an edit to a picture. @param matrix picture -> crop of `size` pixels */
  paste(picture: RgbaImage, place: { matrix: Affine; size: number }, edited: EditedFace): Promise<RgbaImage>;
  /** Encodes a PNG file with texts in it. */
  encodePng(picture: RgbaImage, texts: Readonly<Record<string, string>>): Promise<Uint8Array>;
  /** Median time of an edit of the open model, in milliseconds. */
  measure(): Promise<number>;
}

export type EngineCall = {
  [Name in keyof Engine]: { readonly id: number; readonly name: Name; readonly values: Parameters<Engine[Name]> };
}[keyof Engine];

export type EngineReply =
  | { readonly id: number; readonly result: unknown }
  /** `isInput`: the user's file or choice is the cause, so that the message is for them. */
  | { readonly id: number; readonly failure: string; readonly isInput: boolean };
