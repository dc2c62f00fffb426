/** Whether this engine runs WebAssembly's SIMD instructions, which all our kernels use. */

/** (module (func (result v128) (i8x16.splat (i32.const 0)))), which an engine without SIMD refuses. */
const SIMD_MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type section: () -> v128
  ...[0x03, 0x02, 0x01, 0x00], // function section
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b], // code section
]);

export const hasSimd = (): boolean => WebAssembly.validate(SIMD_MODULE);
