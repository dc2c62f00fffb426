/** Which of WebAssembly's vector instructions this engine runs, and so which build of the kernels it loads. */
import { kernelBuild } from "#platform";
import { describeMismatch, InputError } from "../errors.js";

/**
 * Two builds of nn.wasm and linalg.wasm come from the same sources. Every engine runs the plain one. The relaxed one
 * replaces a product and a sum by one multiply-add instruction, which rounds once if the processor has it (FMA) and
 * twice if not. So results of the two differ in their last bits; all processors with FMA give the same bits.
 */
export const KERNEL_BUILDS = ["plain", "relaxed"] as const;
export type KernelBuild = (typeof KERNEL_BUILDS)[number];

/** A module with one function without parameters, whose body returns a v128. */
function returnVector(...body: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type section: () -> v128
    ...[0x03, 0x02, 0x01, 0x00], // function section
    ...[0x0a, body.length + 4, 0x01, body.length + 2, 0x00, ...body, 0x0b], // code section
  ]);
}

/** (i8x16.splat (i32.const 0)) */
const SPLAT = [0x41, 0x00, 0xfd, 0x0f] as const;
/** (f32x4.relaxed_madd SPLAT SPLAT SPLAT) */
const RELAXED_MADD = [...SPLAT, ...SPLAT, ...SPLAT, 0xfd, 0x85, 0x02] as const;

/** Whether this engine runs WebAssembly's SIMD instructions, which all our kernels use. */
export const hasSimd = (): boolean => WebAssembly.validate(returnVector(...SPLAT));

/** Whether this engine also runs the relaxed ones: Node.js 22 and newer do, and Chrome 114 and newer. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(returnVector(...RELAXED_MADD));

/**
 * Chooses the build of this process: the relaxed one where the engine runs it, unless `ELEGANT_SIMD=plain` is set.
 * @throws InputError if ELEGANT_SIMD is anything else
 */
export function chooseBuild(): KernelBuild {
  const wanted = kernelBuild();
  if (wanted === null) return hasRelaxedSimd() ? "relaxed" : "plain";
  if (wanted === "plain") return "plain";
  const remedy = "Leave it unset to get the relaxed build where the engine runs it.";
  throw new InputError(describeMismatch("ELEGANT_SIMD", "'plain' or nothing", `'${wanted}'`, remedy));
}
