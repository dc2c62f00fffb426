/**
 * The parts of the device's two packages that we use. Their own typings come with 151 MB that only users of this device
 * install, so ours compile without them. An ambient declaration also wins over an installed package's typings: the
 * sources compile to the same either way.
 */

declare module "webgpu" {
  /** Objects that WebGPU's programs expect to be global, such as GPUBufferUsage. */
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
