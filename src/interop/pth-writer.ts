/** Writes state dicts like torch.save since 1.6, for torch.load with or without weights_only. */
import type { NamedTensors } from "./safetensors.js";
import { writeZip, type ZipEntry } from "./zip.js";

const FOLDER = "archive";
const encoder = new TextEncoder();

/** Writes a pickle of protocol 2, opcode by opcode. Nothing is memoized, which all readers accept. */
class PickleWriter {
  private readonly bytes: number[] = [0x80, 2];

  op(opcode: string): this {
    this.bytes.push(opcode.charCodeAt(0));
    return this;
  }

  /** BINUNICODE */
  text(value: string): this {
    const encoded = encoder.encode(value);
    this.op("X").uint32(encoded.length);
    this.bytes.push(...encoded);
    return this;
  }

  /** BININT */
  int(value: number): this {
    return this.op("J").uint32(value);
  }

  ints(values: readonly number[]): this {
    this.op("(");
    for (const value of values) this.int(value);
    return this.op("t");
  }

  global(module: string, name: string): this {
    this.bytes.push(...encoder.encode(`c${module}\n${name}\n`));
    return this;
  }

  emptyOrderedDict(): this {
    return this.global("collections", "OrderedDict").op(")").op("R");
  }

  /** NEWFALSE */
  false(): this {
    this.bytes.push(0x89);
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.op(".").bytes);
  }

  private uint32(value: number): this {
    this.bytes.push(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255);
    return this;
  }
}

/** Encodes a .pth file: an OrderedDict of contiguous float32 tensors, in the order of the map. */
export function encodePth(tensors: NamedTensors): Uint8Array {
  const pickle = new PickleWriter().emptyOrderedDict().op("(");
  const storages: ZipEntry[] = [];
  for (const [name, { shape, data }] of tensors) {
    const key = String(storages.length);
    const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
    pickle.text(name).global("torch._utils", "_rebuild_tensor_v2").op("(");
    pickle
      .op("(")
      .text("storage")
      .global("torch", "FloatStorage")
      .text(key)
      .text("cpu")
      .int(data.length)
      .op("t")
      .op("Q");
    // Offset, shape, strides, requires_grad, backward hooks.
    pickle.int(0).ints(shape).ints(strides).false().emptyOrderedDict().op("t").op("R");
    storages.push({
      name: `${FOLDER}/data/${key}`,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
  }
  return writeZip([
    { name: `${FOLDER}/data.pkl`, data: pickle.op("u").finish() },
    { name: `${FOLDER}/byteorder`, data: encoder.encode("little") },
    ...storages,
    { name: `${FOLDER}/version`, data: encoder.encode("3\n") },
  ]);
}
