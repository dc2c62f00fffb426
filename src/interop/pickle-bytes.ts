/** Reads the bytes of a pickle in order and within bounds. */
import { describeMismatch, InputError } from "../errors.js";

export class PickleBytes {
  protected readonly bytes: Uint8Array;
  protected readonly view: DataView;
  protected at: number;
  private readonly source: string;

  /** @param source names the file in messages */
  constructor(bytes: Uint8Array, start: number, source: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.source = source;
  }

  protected fail(what: string): InputError {
    const remedy = "The file is damaged or no PyTorch file; fetch it again.";
    return new InputError(describeMismatch(`${this.source}: pickle`, "a whole pickle", what, remedy));
  }

  protected needless(opcode: number): InputError {
    const name = `0x${opcode.toString(16).padStart(2, "0")}`;
    return this.fail(`opcode ${name} at byte ${this.at - 1}, which no state dict needs`);
  }

  /** Skips `count` bytes and returns where they began. */
  protected take(count: number): number {
    const from = this.at;
    if (!Number.isSafeInteger(count) || count < 0 || from + count > this.bytes.length) {
      throw this.fail(`one that is cut off at byte ${this.bytes.length}`);
    }
    this.at += count;
    return from;
  }

  protected text(length: number): string {
    const from = this.take(length);
    return new TextDecoder().decode(this.bytes.subarray(from, from + length));
  }

  protected line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0 || end - this.at > 1000) throw this.fail(`a name without end at byte ${this.at}`);
    const text = this.text(end - this.at);
    this.take(1);
    return text;
  }

  /** Reads a little-endian two's complement integer. It is a bigint if a number would not be exact. */
  protected long(length: number): number | bigint {
    if (length > 256) throw this.fail(`an integer of ${length} bytes`);
    const from = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[from + i]);
    value = BigInt.asIntN(8 * length, value);
    const short = Number(value);
    return Number.isSafeInteger(short) ? short : value;
  }

  protected binary(length: number): Uint8Array {
    const from = this.take(length);
    return this.bytes.subarray(from, from + length);
  }

  /** Reads a length of 64 bits. */
  protected wide(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }
}
