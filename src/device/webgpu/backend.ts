/**
 * TensorFlow.js's WebGPU backend, with three additions for training: our own programs with several outputs, reading that does
 * not keep a copy, and errors that reach the caller.
 */

import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { backend_util, DataType, TensorInfo } from "@tensorflow/tfjs-core";
import { HAS_SHARED_MEMORY } from "../../kernels/memory.js";
import { type DeviceError, describeGpuError, describeLoss } from "./failure.js";
import { type Program, programSource, WORKGROUP_SIZE } from "./program.js";

/** Members of the base class that recording a program needs, and that its types hide. */
interface Recorder {
  readonly commandQueueOwnedIds: WeakSet<object>;
  readonly commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  makeUniforms(values: readonly { readonly type: string; readonly data: readonly number[] }[]): GPUBindingResource;
}

/** Number of programs that are recorded before they are submitted: as in the base class. */
const PROGRAMS_IN_A_PASS = 15;

export class WebgpuBackend extends WebGPUBackend {
  private readonly pipelines = new Map<string, GPUComputePipeline>();
  private failure: DeviceError | null = null;
  private closing = false;

  constructor(device: GPUDevice, info: GPUAdapterInfo) {
    super(device, info);
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault(); // otherwise Dawn prints it, too
      const { error } = event as GPUUncapturedErrorEvent;
      this.failure ??= describeGpuError(error.constructor.name, error.message);
    });
    void device.lost.then((info) => {
      if (!this.closing) this.failure = describeLoss(info);
    });
  }

  /** Uploads values in shared memory immediately, because a slot of a ring is used again as soon as its tensor is made. */
  override write(values: backend_util.BackendValues, shape: number[], dtype: DataType): object {
    const dataId = super.write(values, shape, dtype);
    const isShared = HAS_SHARED_MEMORY && ArrayBuffer.isView(values) && values.buffer instanceof SharedArrayBuffer;
    if (isShared) this.uploadToGPU(dataId);
    return dataId;
  }

  /**
   * Reads values without the copy that the base class keeps next to the tensor. The copy would double the memory, and it would be
   * out of date when one of our programs changes the tensor in place.
   * @throws RetryableError if the GPU has failed since the last reading, because the values would mean nothing
   */
  override async read(dataId: object): Promise<backend_util.BackendValues> {
    this.expectWorking();
    try {
      const values = await super.read(dataId);
      this.expectWorking();
      return values;
    } catch (error) {
      // A lost device rejects pending reads a little before it reports why.
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.expectWorking();
      throw error;
    } finally {
      const data = this.tensorMap.has(dataId) ? this.tensorMap.get(dataId) : null;
      if (data?.resource != null) data.values = null as unknown as backend_util.BackendValues;
    }
  }

  override runWebGPUProgram(...args: Parameters<WebGPUBackend["runWebGPUProgram"]>): TensorInfo {
    if (this.failure?.lost === true) throw this.failure;
    return super.runWebGPUProgram(...args);
  }

  /** Throws a failure, if there is one: each failure once, but the loss of the device every time. */
  private expectWorking(): void {
    const { failure } = this;
    if (failure === null) return;
    if (!failure.lost) this.failure = null;
    throw failure;
  }

  /**
   * Records one of our programs.
   * @param tensors in the order of the program's reads, then of its writes; a written tensor can contain values already
   * @param scalars in the program's order
   * @param groups  number of workgroups. If the GPU allows fewer, each group of the program does more of the work.
   */
  dispatch(program: Program, tensors: readonly TensorInfo[], scalars: readonly number[], groups: number): void {
    if (this.failure?.lost === true) throw this.failure;
    for (const { dataId } of tensors) this.uploadToGPU(dataId);
    const recorder = this as unknown as Recorder;
    const types = Object.values(program.scalars);
    const uniforms = recorder.makeUniforms(
      scalars.map((value, i) => ({ type: types[i] === "u32" ? "uint32" : "float32", data: [value] })),
    );
    const buffers = tensors.map(({ dataId }) => ({ buffer: this.tensorMap.get(dataId).resource as GPUBuffer }));
    const pipeline = this.pipelineOf(program);
    const bindGroup = this.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [...buffers, uniforms].map((resource, binding) => ({ binding, resource })),
    });
    for (const { dataId } of tensors) recorder.commandQueueOwnedIds.add(dataId);
    this.ensureCommandEncoderReady();
    recorder.computePassEncoder ??= recorder.commandEncoder.beginComputePass();
    recorder.computePassEncoder.setPipeline(pipeline);
    recorder.computePassEncoder.setBindGroup(0, bindGroup);
    recorder.computePassEncoder.dispatchWorkgroups(
      Math.min(groups, this.device.limits.maxComputeWorkgroupsPerDimension),
    );
    recorder.dispatchCountInPass++;
    if (recorder.dispatchCountInPass < PROGRAMS_IN_A_PASS) return;
    this.endComputePassEncoder();
    this.submitQueue();
  }

  /** Records a program with one value per thread: as many workgroups as `count` values need. */
  dispatchFlat(program: Program, tensors: readonly TensorInfo[], scalars: readonly number[], count: number): void {
    this.dispatch(program, tensors, scalars, Math.ceil(count / WORKGROUP_SIZE));
  }

  private pipelineOf(program: Program): GPUComputePipeline {
    const known = this.pipelines.get(program.name);
    if (known !== undefined) return known;
    const module = this.device.createShaderModule({ code: programSource(program), label: program.name });
    const compute = { module, entryPoint: "main" };
    const pipeline = this.device.createComputePipeline({ layout: "auto", compute, label: program.name });
    this.pipelines.set(program.name, pipeline);
    return pipeline;
  }

  override dispose(): void {
    this.closing = true;
    super.dispose();
    this.device.destroy();
  }
}
