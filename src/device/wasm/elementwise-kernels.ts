/**
 * Elementwise arithmetic: of two tensors of equal shape, of a tensor and a single value, of a matrix and one row or column; the sum
 * of many tensors; and |x|, -x, sigmoid and step. TensorFlow.js's own kernels run on one thread, and go through index arrays or call
 * a function for each value. All other cases are left to them.
 */
import {
  Abs,
  Add,
  AddN,
  backend_util,
  Multiply,
  Neg,
  RealDiv,
  Sigmoid,
  SquaredDifference,
  Step,
  type StepAttrs,
  Sub,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import type { TeamKernel } from "../../kernels/nn.js";
import { type KernelTable, type SharedKernel, typedKernel } from "./kernel-helpers.js";

/** Numbered as in assembly/nn/elementwise.ts. */
const OPERATIONS = [Add, Sub, Multiply, RealDiv, SquaredDifference];
const UNARY_OPERATIONS = [Abs, Neg, Step];
const ADD = 0;
/** Values per block; a multiple of four. */
const BLOCK_VALUES = 16384;

const blocksOf = (count: number): number => Math.ceil(count / BLOCK_VALUES);

/** Forms of an operand, numbered as in assembly/nn/elementwise.ts: a whole matrix, a row or a column. */
const [FULL, ROW, COLUMN] = [0, 1, 2];

/**
 * Sees a result of shape `to` as a matrix, and an operand of shape `from` as one of its rows or columns: the operand lacks the first
 * or the last axes. Axes of extent 1 do not count.
 * @returns null if the operand is neither a row nor a column
 */
function formOf(from: readonly number[], to: readonly number[]): { form: number; columns: number } | null {
  const lacking = to.length - from.length;
  const wide = [...to.keys()].filter((i) => to[i] !== 1);
  const has = wide.map((i) => i >= lacking && from[i - lacking] === to[i]);
  const columnsFrom = (place: number): number => util.sizeFromShape(wide.slice(place).map((i) => to[i]));
  const firstHad = has.indexOf(true);
  const firstLacking = has.indexOf(false);
  if (firstHad === -1 || firstLacking === -1) return null;
  if (has.slice(firstHad).every(Boolean)) return { form: ROW, columns: columnsFrom(firstHad) };
  if (!has.slice(firstLacking).some(Boolean)) return { form: COLUMN, columns: columnsFrom(firstLacking) };
  return null;
}

function binary(name: string): SharedKernel {
  const operation = OPERATIONS.indexOf(name);
  return typedKernel<{ a: TensorInfo; b: TensorInfo }>((backend, { a, b }) => {
    if (a.dtype !== "float32" || b.dtype !== "float32") return null;
    const [sizeA, sizeB] = [a, b].map(({ shape }) => util.sizeFromShape(shape));
    const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const count = util.sizeFromShape(shape);
    const pointers = (): number[] => [backend.pointerOf(a), backend.pointerOf(b)];
    // If an operand has as many values as the result, their shapes are equal except for axes of extent 1.
    if ((sizeA === count || sizeA === 1) && (sizeB === count || sizeB === 1)) {
      const y = backend.allocate(shape);
      const [singleA, singleB] = [sizeA === 1 && sizeB !== 1, sizeB === 1 && sizeA !== 1].map(Number);
      const values = [operation, ...pointers(), y.pointer, singleA, singleB, count, BLOCK_VALUES];
      backend.team.run("binary", values, blocksOf(count));
      return y.info;
    }
    const matrix = sizeA === count ? formOf(b.shape, shape) : sizeB === count ? formOf(a.shape, shape) : null;
    if (matrix === null || count === 0) return null;
    const { form, columns } = matrix;
    const forms = sizeA === count ? [FULL, form] : [form, FULL];
    const rows = count / columns;
    const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / columns));
    const y = backend.allocate(shape);
    const values = [operation, ...pointers(), y.pointer, ...forms, rows, columns, blockRows];
    backend.team.run("binaryRows", values, Math.ceil(rows / blockRows));
    return y.info;
  });
}

/**
 * A kernel that computes each value on its own.
 * @param before arguments before the pointers of x and y
 * @param after  arguments after them
 */
const each = <Attrs>(
  kernel: TeamKernel,
  before: readonly number[],
  after: (attrs: Attrs) => number[],
  covers: (x: TensorInfo) => boolean = () => true,
): SharedKernel =>
  typedKernel<{ x: TensorInfo }, Attrs>((backend, { x }, attrs) => {
    if (x.dtype !== "float32" || !covers(x)) return null;
    const y = backend.allocate(x.shape);
    const count = util.sizeFromShape(x.shape);
    const values = [...before, backend.pointerOf(x), y.pointer, ...after(attrs), count, BLOCK_VALUES];
    backend.team.run(kernel, values, blocksOf(count));
    return y.info;
  });

const unary = (name: string): SharedKernel =>
  each<StepAttrs>("unary", [UNARY_OPERATIONS.indexOf(name)], (attrs) => [name === Step ? attrs.alpha : 0]);

const addN = typedKernel<TensorInfo[]>((backend, [first, ...terms]) => {
  const { team } = backend;
  const y = backend.allocate(first.shape);
  const count = util.sizeFromShape(first.shape);
  let sum = backend.pointerOf(first);
  if (terms.length === 0) team.heap.floats(y.pointer, count).set(team.heap.floats(sum, count));
  for (const term of terms) {
    const values = [ADD, sum, backend.pointerOf(term), y.pointer, 0, 0];
    team.run("binary", [...values, count, BLOCK_VALUES], blocksOf(count));
    sum = y.pointer;
  }
  return y.info;
});

/**
 * Only images and masks use our kernel. The gradients of the discriminators' scores also go through a sigmoid, and a different last
 * bit there would change the trainings of the published presets, which must be resumable across versions.
 */
const sigmoid = each(
  "sigmoid",
  [],
  () => [],
  ({ shape }) => shape.length >= 4,
);

export const ELEMENTWISE_KERNELS: KernelTable = {
  ...Object.fromEntries(OPERATIONS.map((name) => [name, binary(name)])),
  ...Object.fromEntries(UNARY_OPERATIONS.map((name) => [name, unary(name)])),
  [Sigmoid]: sigmoid,
  [AddN]: addN,
};
