/**
 * The `wasm` device's TensorFlow.js backend: tensors live in one shared WebAssembly.Memory, so that a team of threads
 * runs our kernels on them without a copy.
 *
 * It extends TensorFlow.js's CPU backend. A kernel that we did not write is TensorFlow.js's own: it reads the same memory
 * through views, and it is the reference implementation of ours. docs/decisions/001-own-wasm-backend.md has the measurements for
 * choosing this over our kernels on tfjs-backend-wasm, whose memory threads cannot share.
 */
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import { type backend_util, type DataType, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { HAS_SHARED_MEMORY } from "../../kernels/memory.js";
import type { KernelTeam } from "../../pool/team/team.js";

export const BACKEND_NAME = "elegant-wasm";

type DataId = object;

/** Zeros to begin with, float32: the channels of most layers. */
const FIRST_ZEROS = 2048;

export class SharedMemoryBackend extends MathBackendCPU {
  readonly team: KernelTeam;
  /** Zeros for the taps outside of an image; they are never written. */
  private zeros: { readonly pointer: number; readonly length: number };
  /** Tensors that the running kernel has made so far; null between kernels. */
  private made: DataId[] | null = null;
  private readonly pointers = new WeakMap<DataId, number>();
  /** Packed forms of frozen filters, by name. Only frozen filters have an entry. */
  private readonly packings = new WeakMap<DataId, Map<string, number>>();

  constructor(team: KernelTeam) {
    super();
    this.team = team;
    this.zeros = this.makeZeros(FIRST_ZEROS);
  }

  private makeZeros(length: number): { readonly pointer: number; readonly length: number } {
    const { heap } = this.team;
    const pointer = heap.allocate(length * 4);
    heap.floats(pointer, length).fill(0);
    return { pointer, length };
  }

  /** Returns the address of at least `length` float32 zeros. Do not write them; they are valid until the next call. */
  zerosOf(length: number): number {
    if (length > this.zeros.length) {
      const longer = this.makeZeros(length);
      this.team.heap.release(this.zeros.pointer);
      this.zeros = longer;
    }
    return this.zeros.pointer;
  }

  /** Runs a kernel. If it throws, for instance because the memory is full, the tensors that it has made are disposed. */
  runKernel<T>(kernel: () => T): T {
    const outer = this.made;
    const made: DataId[] = [];
    this.made = made;
    try {
      return kernel();
    } catch (error) {
      for (const dataId of made) if (this.data.has(dataId)) this.disposeData(dataId, true);
      throw error;
    } finally {
      this.made = outer;
      outer?.push(...made);
    }
  }

  /**
   * Stores values as the base class does, without its advice to install another backend. Values in shared memory are copied:
   * a stock kernel may return a part of its input as a view (Slice does), and the slots of a ring are used again. Without
   * SharedArrayBuffer that memory looks like any other, so everything is copied.
   */
  override write(values: backend_util.BackendValues, _shape: number[], dtype: DataType): DataId {
    const borrowed = ArrayBuffer.isView(values) && (!HAS_SHARED_MEMORY || values.buffer instanceof SharedArrayBuffer);
    return this.adopt(borrowed ? (values as Float32Array).slice() : values, dtype);
  }

  /** Returns the address of a float32 tensor's values. Moves them into the shared memory if they are elsewhere. */
  pointerOf(tensor: TensorInfo): number {
    const dataId = tensor.dataId as DataId;
    const known = this.pointers.get(dataId);
    if (known !== undefined) return known;
    const data = this.data.get(dataId);
    const values = data.values as Float32Array | Int32Array | Uint8Array;
    const pointer = this.team.heap.allocate(values.length * 4);
    const view = this.team.heap.floats(pointer, values.length);
    view.set(values);
    // Stock kernels cast booleans or integers to float32 by renaming them only, so the original keeps its own values.
    if (values instanceof Float32Array) data.values = view;
    this.pointers.set(dataId, pointer);
    return pointer;
  }

  /** Makes a float32 tensor in the shared memory, with undefined contents. */
  allocate(shape: readonly number[]): { readonly info: TensorInfo; readonly pointer: number } {
    const size = util.sizeFromShape(shape as number[]);
    const pointer = this.team.heap.allocate(size * 4);
    const dataId = this.adopt(this.team.heap.floats(pointer, size), "float32");
    this.pointers.set(dataId, pointer);
    return { info: { dataId, shape: shape as number[], dtype: "float32" }, pointer };
  }

  /** Declares that a tensor's values will not change: packed forms of it are kept until it is disposed. */
  freeze({ dataId }: { readonly dataId: DataId }): void {
    if (!this.packings.has(dataId)) this.packings.set(dataId, new Map());
  }

  /**
   * Runs `body` with the packed form of a filter. A frozen filter's form is kept; otherwise `pack` makes one for this call.
   * @param filter a tensor, or the address of one that is not frozen
   * @param name   contains everything except the filter's values that the form depends on: a reshaped tensor has the same values
   */
  withPacking(
    filter: TensorInfo | number,
    name: string,
    bytes: number,
    pack: (source: number, packed: number) => void,
    body: (packed: number) => void,
  ): void {
    const kept = typeof filter === "number" ? undefined : this.packings.get(filter.dataId as DataId);
    const known = kept?.get(name);
    if (known !== undefined) {
      body(known);
      return;
    }
    const { heap } = this.team;
    const source = typeof filter === "number" ? filter : this.pointerOf(filter);
    if (kept === undefined) {
      heap.withBlock(bytes, (packed) => {
        pack(source, packed);
        body(packed);
      });
      return;
    }
    const packed = heap.allocate(bytes);
    try {
      pack(source, packed);
    } catch (error) {
      heap.release(packed);
      throw error;
    }
    kept.set(name, packed);
    body(packed);
  }

  private adopt(values: backend_util.BackendValues, dtype: DataType): DataId {
    const dataId = {};
    this.data.set(dataId, { values, dtype, refCount: 1 });
    this.made?.push(dataId);
    return dataId;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const gone = super.disposeData(dataId, force);
    if (gone) {
      const pointer = this.pointers.get(dataId);
      if (pointer !== undefined) {
        this.pointers.delete(dataId);
        this.team.heap.release(pointer);
      }
      for (const packing of this.packings.get(dataId)?.values() ?? []) this.team.heap.release(packing);
      this.packings.delete(dataId);
    }
    return gone;
  }

  /** Returns a copy, because a view of the shared memory would change when its block is handed out again. */
  override readSync(dataId: DataId): backend_util.BackendValues {
    const values = super.readSync(dataId);
    return this.pointers.has(dataId) ? (values as Float32Array).slice() : values;
  }
}
