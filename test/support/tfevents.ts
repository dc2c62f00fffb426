/** Reads event files for tests: checks the frames' checksums and decodes the few fields that we write. */
import assert from "node:assert/strict";
import { maskedCrc32c } from "../../src/training/crc32c.js";

export type Field = readonly [field: number, value: bigint | Uint8Array];

/** The messages of a TFRecord file. Both checksums of each frame are checked. */
export function readRecords(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    assert.equal(view.getUint32(at + 8, true), maskedCrc32c(bytes.subarray(at, at + 8)), `length checksum at ${at}`);
    const data = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(view.getUint32(at + 12 + length, true), maskedCrc32c(data), `data checksum at ${at}`);
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** The fields of a message: fixed-size and length-delimited values as bytes, varints as bigint. */
export function readFields(message: Uint8Array): Field[] {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (count: number): Uint8Array => {
    at += count;
    return new Uint8Array(message.subarray(at - count, at)); // copied, so that views can start at its first byte
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const key = Number(varint());
    const wire = key & 7;
    fields.push([key >>> 3, wire === 0 ? varint() : take(wire === 1 ? 8 : wire === 5 ? 4 : Number(varint()))]);
  }
  return fields;
}

export function bytesOf(fields: readonly Field[], field: number): Uint8Array {
  const found = fields.find(([number]) => number === field)?.[1];
  assert.ok(found instanceof Uint8Array, `field ${field} holds bytes`);
  return found;
}
