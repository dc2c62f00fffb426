/** A device: what computes tensors. */

export interface Device {
  readonly name: "tensorflow" | "webgpu" | "wasm" | "cpu";
  /** For people: what it is and why it was chosen. */
  readonly description: string;
  readonly threads: number;
  close(): Promise<void>;
}
