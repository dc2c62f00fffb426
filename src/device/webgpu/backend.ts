/**
 * TensorFlow.js's WebGPU backend with what it lacks for training: programs of ours with several outputs, reading that
 * does not keep a copy, and errors that reach the caller.
 */

import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { backend_util, DataType, TensorInfo } from "@tensorflow/tfjs-core";
import { HAS_SHARED_MEMORY } from "../../kernels/memory.js";
import { type DeviceError, describeGpuError, describeLoss } from "./failure.js";
import { type Program, programSource, WORKGROUP_SIZE } from "./program.js";

/** The parts of the base class that recording a program needs and its types hide. */
interface Recorder {
  readonly commandQueueOwnedIds: WeakSet<object>;
  readonly commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  makeUniforms(values: readonly { readonly type: string; readonly data: readonly number[] }[]): GPUBindingResource;
}

/** Programs that are recorded before they are sent off, as the base class has it. */
const PROGRAMS_IN_A_PASS = 15;

export class WebgpuBackend extends WebGPUBackend {
  private readonly pipelines = new Map<string, GPUComputePipeline>();
  private failure: DeviceError | null = null;
  private closing = false;

  constructor(device: GPUDevice, info: GPUAdapterInfo) {
    super(device, info);
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault(); // else Dawn prints it too
      const { error } = event as GPUUncapturedErrorEvent;
      this.failure ??= describeGpuError(error.constructor.name, error.message);
    });
    void device.lost.then((info) => {
      if (!this.closing) this.failure = describeLoss(info);
    });
  }

  /** A slot of a ring is used again as soon as its tensor is made: what lies in shared memory goes to the GPU at once. */
  override write(values: backend_util.BackendValues, shape: number[], dtype: DataType): object {
    const dataId = super.write(values, shape, dtype);
    const isShared = HAS_SHARED_MEMORY && ArrayBuffer.isView(values) && values.buffer instanceof SharedArrayBuffer;
    if (isShared) this.uploadToGPU(dataId);
    return dataId;
  }

  /**
   * The base class keeps what it has read beside the tensor. That would double the memory, and it would go stale where a
   * program of ours changes the tensor in place.
   * @throws RetryableError when the GPU failed since the last reading: the values would mean nothing
   */
  override async read(dataId: object): Promise<backend_util.BackendValues> {
    this.expectWorking();
    try {
      const values = await super.read(dataId);
      this.expectWorking();
      return values;
    } catch (error) {
      // A lost device rejects what is waited for a little before it says why.
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

  /** A failure is told once; a lost device stays lost. */
  private expectWorking(): void {
    const { failure } = this;
    if (failure === null) return;
    if (!failure.lost) this.failure = null;
    throw failure;
  }

  /**
   * Records a program of ours.
   * @param tensors in the order of the program's reads, then writes; a written one may hold values already
   * @param scalars in the order of the program's
   * @param groups  workgroups; a program goes on in steps of their number until all is done
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

  /** One value a thread: enough workgroups for `count` of them. */
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
