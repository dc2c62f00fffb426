/** The shape of one 2D convolution in TypeScript, and in the layout that assembly/nn/shape.ts reads. */

/**
 * Sizes, strides and padding in pixels and channels. The names are those of the forward convolution, in its two
 * gradients as well.
 */
export interface ConvShape {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly inputChannels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly outputChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** Size of the description in memory, in bytes. */
export const CONV_SHAPE_BYTES = 13 * 4;

/** Writes the description at a byte offset of the memory, in the order of assembly/nn/shape.ts. */
export function writeConvShape(memory: Int32Array, pointer: number, s: ConvShape): void {
  memory.set(
    [
      s.batch,
      s.inputHeight,
      s.inputWidth,
      s.inputChannels,
      s.outputHeight,
      s.outputWidth,
      s.outputChannels,
      s.filterHeight,
      s.filterWidth,
      s.strideY,
      s.strideX,
      s.padTop,
      s.padLeft,
    ],
    pointer >>> 2,
  );
}
