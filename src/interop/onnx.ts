/** Writes ONNX models (onnx.proto of https://github.com/onnx/onnx), with the few message fields that our graphs need. */
import { bytesField, concat, floatField, textField, varintField } from "./protobuf.js";

/** onnxruntime, OpenVINO and TensorRT have read opset 13 and its IR version for years. */
const OPSET = 13;
const IR_VERSION = 7;
const FLOAT = 1;
const INT64 = 7;

/** Types of attributes, by TensorProto's numbers. */
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const;

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  /** Names of the inputs. An empty name is an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Plain numbers are integers; { float } is a floating-point number. */
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** A float32 input or output. A dimension with a name may have any size. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

function encodeAttribute(name: string, value: OnnxAttribute): Uint8Array {
  const type = (kind: number): Uint8Array => varintField(20, kind);
  const named = textField(1, name);
  if (typeof value === "number") return concat([named, varintField(3, value), type(ATTRIBUTE.int)]);
  if (typeof value === "string") return concat([named, textField(4, value), type(ATTRIBUTE.string)]);
  if ("float" in value) return concat([named, floatField(2, value.float), type(ATTRIBUTE.float)]);
  return concat([named, ...value.map((item) => varintField(8, item)), type(ATTRIBUTE.ints)]);
}

function encodeNode({ op, inputs, outputs, attributes = {} }: OnnxNode): Uint8Array {
  return concat([
    ...inputs.map((input) => textField(1, input)),
    ...outputs.map((output) => textField(2, output)),
    textField(3, outputs[0]),
    textField(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, encodeAttribute(name, value))),
  ]);
}

function encodeTensor({ name, shape, data }: OnnxTensor): Uint8Array {
  return concat([
    ...shape.map((extent) => varintField(1, extent)),
    varintField(2, data instanceof Float32Array ? FLOAT : INT64),
    textField(8, name),
    bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
}

function encodeValue({ name, shape }: OnnxValue): Uint8Array {
  const dims = shape.map((extent) => {
    return bytesField(1, typeof extent === "number" ? varintField(1, extent) : textField(2, extent));
  });
  const tensor = concat([varintField(1, FLOAT), bytesField(2, concat(dims))]);
  return concat([textField(1, name), bytesField(2, bytesField(1, tensor))]);
}

/** Encodes an .onnx file. @param metadata texts that readers may show */
export function encodeOnnx(graph: OnnxGraph, producer: string, metadata: Readonly<Record<string, string>>): Uint8Array {
  const { name, nodes, initializers, inputs, outputs } = graph;
  const encoded = concat([
    ...nodes.map((node) => bytesField(1, encodeNode(node))),
    textField(2, name),
    ...initializers.map((tensor) => bytesField(5, encodeTensor(tensor))),
    ...inputs.map((value) => bytesField(11, encodeValue(value))),
    ...outputs.map((value) => bytesField(12, encodeValue(value))),
  ]);
  return concat([
    varintField(1, IR_VERSION),
    textField(2, producer),
    bytesField(7, encoded),
    bytesField(8, concat([textField(1, ""), varintField(2, OPSET)])),
    ...Object.entries(metadata).map(([key, text]) => bytesField(14, concat([textField(1, key), textField(2, text)]))),
  ]);
}
