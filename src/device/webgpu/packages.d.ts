/**
 * Types of those parts of the device's two packages that we use. The packages have types of their own, but they take 151 MB, and
 * only users of this device install them. So our sources compile without them. An ambient declaration also wins over an installed
 * package's types, so the sources compile to the same output either way.
 */

declare module "webgpu" {
  /** Objects that users of WebGPU expect to be global, such as GPUBufferUsage. */
  export const globals: object;
  export function create(options: string[]): GPU;
}

declare module "@tensorflow/tfjs-backend-webgpu" {
  import type { BackendValues, DataStorage, DataType, TensorInfo } from "@tensorflow/tfjs-core";
  import { KernelBackend } from "@tensorflow/tfjs-core";

  interface TensorData {
    values: BackendValues;
    resource?: GPUBuffer | GPUTexture | GPUExternalTexture;
  }

  interface WebGPUProgram {
    readonly shaderKey: string;
    readonly outputShape: number[];
  }

  export class WebGPUBackend extends KernelBackend {
    readonly device: GPUDevice;
    readonly tensorMap: DataStorage<TensorData>;
    constructor(device: GPUDevice, info?: GPUAdapterInfo);
    override write(values: BackendValues, shape: number[], dtype: DataType): object;
    override read(dataId: object): Promise<BackendValues>;
    override incRef(dataId: object): void;
    override disposeData(dataId: object, force?: boolean): boolean;
    makeTensorInfo(shape: number[], dtype: DataType, values?: BackendValues | string[]): TensorInfo;
    uploadToGPU(dataId: object): void;
    ensureCommandEncoderReady(): void;
    endComputePassEncoder(): void;
    submitQueue(): void;
    runWebGPUProgram(
      program: WebGPUProgram,
      inputs: TensorInfo[],
      outputDtype: DataType,
      uniforms?: { type: string; data: number[] }[],
      output?: TensorInfo,
    ): TensorInfo;
  }
}
