/**
 * The part of Protocol Buffers' wire format that we write. A field is a key (number << 3 | wire type) and its value.
 * Wire type 0 is a varint, 1 is eight bytes, 2 is a length and that many bytes, 5 is four bytes.
 */

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80); // values may exceed 32 bits, so no shifts
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** A field with a whole number from 0. */
export function varintField(field: number, value: number): Uint8Array {
  return concat([varint(field << 3), varint(value)]);
}

/** A field with bytes or an embedded message. */
export function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

export function textField(field: number, value: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(value));
}

export function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = (field << 3) | 1;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = (field << 3) | 5;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return bytes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
