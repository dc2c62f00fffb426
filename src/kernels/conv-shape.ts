/** The shape of one 2D convolution, as TypeScript sees it and as assembly/nn/shape.ts reads it. */

/** Names are those of the forward convolution, also in its two gradients. */
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

/** Bytes of the description in memory. */
export const CONV_SHAPE_BYTES = 13 * 4;

/** Writes the description at a byte offset of the memory; the order is assembly/nn/shape.ts's. */
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

/** Multiply-adds of the forward convolution, and of each of its gradients. */
export function convMultiplyAdds(s: ConvShape): number {
  const taps = s.filterHeight * s.filterWidth;
  return s.batch * s.outputHeight * s.outputWidth * s.outputChannels * taps * s.inputChannels;
}
