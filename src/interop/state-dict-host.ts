/**
 * Resolves the names in the pickle of a state dict. It knows only the few names that tensors need, skips some harmless
 * ones, and refuses every other one by name. Nothing is imported or run.
 */
import { describeMismatch, InputError } from "../errors.js";
import { type PickleGlobal, type PickleHost, Tuple } from "./pickle.js";
import {
  expectInside,
  isStorageType,
  type StorageReference,
  type StorageType,
  type TensorReference,
} from "./storage.js";

type Role =
  | "OrderedDict"
  | "defaultdict"
  | "rebuildTensor"
  | "rebuildTyped"
  | "rebuildParameter"
  | "rebuildFromType"
  | "size"
  | StorageType;

/**
 * Stands for a value that a checkpoint may contain in addition to tensors, such as a NumPy scalar or an
 * argparse.Namespace. It is discarded.
 */
const OPAQUE = Symbol("opaque");

/** A known name. */
class Known {
  readonly role: Role;
  constructor(role: Role) {
    this.role = role;
  }
}

/** A storage class of a type whose numbers we do not read, such as float8. */
class ForeignStorage {
  readonly itemBytes: number;
  constructor(itemBytes: number) {
    this.itemBytes = itemBytes;
  }
}

export class Tensor {
  readonly reference: TensorReference;
  constructor(reference: TensorReference) {
    this.reference = reference;
  }
}

class Storage {
  /** Null for a foreign storage. */
  readonly reference: StorageReference | null;
  constructor(reference: StorageReference | null) {
    this.reference = reference;
  }
}

const KNOWN: Readonly<Record<string, Role>> = {
  "collections OrderedDict": "OrderedDict",
  "collections defaultdict": "defaultdict",
  "torch._utils _rebuild_tensor_v2": "rebuildTensor",
  "torch._utils _rebuild_tensor": "rebuildTensor",
  "torch._utils _rebuild_tensor_v3": "rebuildTyped",
  "torch._utils _rebuild_parameter": "rebuildParameter",
  "torch._utils _rebuild_parameter_with_state": "rebuildParameter",
  "torch._tensor _rebuild_from_type_v2": "rebuildFromType",
  "torch Size": "size",
};

/** Harmless names, for which nothing is built. Old pickles call builtins `__builtin__`; NumPy 2 has `_core`. */
const IGNORED = new Set([
  ...["numpy.core.multiarray", "numpy._core.multiarray"].flatMap((module) => [
    `${module} scalar`,
    `${module} _reconstruct`,
  ]),
  ...["numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"],
  ...["numpy dtype", "numpy ndarray", "_codecs encode", "torch device", "argparse Namespace"],
  ...["torch Tensor", "torch.nn.parameter Parameter", "torch.nn.parameter Buffer"],
  ...["builtins", "__builtin__"].flatMap((module) =>
    ["set", "frozenset", "list", "dict", "tuple", "int", "float", "bool", "str", "bytes", "bytearray", "complex"].map(
      (name) => `${module} ${name}`,
    ),
  ),
]);
const DTYPE = /^(bfloat|float|u?int|complex)\d+(_\w+)?$|^bool$/;
/** Storage classes whose tensors are left out, with the number of bytes per value. */
const FOREIGN_STORAGES: Readonly<Record<string, number>> = {
  UntypedStorage: 1,
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
  QUInt4x2Storage: 1,
  QUInt2x4Storage: 1,
};

/** Builds the descriptions of tensors and refuses everything else. */
export class StateDictHost implements PickleHost {
  /** All storages that were referred to, by key. */
  readonly storages = new Map<string, StorageReference>();
  /** Storages whose tensors are left out, by key: number of values and bytes. */
  readonly foreign = new Map<string, { readonly length: number; readonly bytes: number }>();
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  private damaged(expected: string, received: string): InputError {
    return new InputError(describeMismatch(this.source, expected, received, "The file is damaged; fetch it again."));
  }

  isOpaque(value: unknown): boolean {
    return value === OPAQUE;
  }

  global({ module, name }: PickleGlobal): unknown {
    const key = `${module} ${name}`;
    if (Object.hasOwn(KNOWN, key)) return new Known(KNOWN[key]);
    if (module === "torch" && isStorageType(name)) return new Known(name);
    if ((module === "torch" || module === "torch.storage") && Object.hasOwn(FOREIGN_STORAGES, name)) {
      return new ForeignStorage(FOREIGN_STORAGES[name]);
    }
    if (IGNORED.has(key) || (module === "torch" && DTYPE.test(name))) return OPAQUE;
    const remedy =
      "Nothing of the file was run. If you trust it, load it in PyTorch and save its state_dict() alone with torch.save.";
    const expected = "a state dict: tensors, numbers and texts in dicts";
    throw new InputError(describeMismatch(this.source, expected, `a pickle that imports ${module}.${name}`, remedy));
  }

  call(callee: unknown, args: readonly unknown[]): unknown {
    if (callee === OPAQUE) return OPAQUE;
    const role = callee instanceof Known ? callee.role : undefined;
    if (role === "OrderedDict") return this.orderedDict(args);
    if (role === "rebuildTensor") return this.rebuildTensor(args);
    if (role === "defaultdict") return new Map();
    // For types without a storage class of their own, none of which we read.
    if (role === "rebuildTyped") return OPAQUE;
    if (role === "rebuildParameter" && (args[0] instanceof Tensor || args[0] === OPAQUE)) return args[0];
    // (function, class, arguments, state) of a tensor with attributes, or of a subclass.
    if (role === "rebuildFromType" && args[0] instanceof Known && args[2] instanceof Tuple) {
      if (args[0].role !== "rebuildFromType") return this.call(args[0], args[2].items);
    }
    if (role === "size" && args[0] instanceof Tuple) return args[0];
    throw this.damaged("a call that rebuilds a tensor", `one of ${role ?? "something that is no function"}`);
  }

  persistent(id: unknown): Storage {
    // ('storage', class, key, device, values) and, in the older container, a view of it.
    const [tag, type, key, , length, view = null] = id instanceof Tuple ? id.items : [];
    if (tag === "storage" && type instanceof ForeignStorage && typeof key === "string") {
      const values = this.size(length, `storage ${key}`);
      this.foreign.set(key, { length: values, bytes: values * type.itemBytes });
      return new Storage(null);
    }
    const known = type instanceof Known && isStorageType(type.role) ? type.role : null;
    if (tag !== "storage" || known === null || typeof key !== "string" || view !== null) {
      throw this.damaged("references to storages", "something else");
    }
    const reference = { type: known, key, length: this.size(length, `storage ${key}`) };
    this.storages.set(key, reference);
    return new Storage(reference);
  }

  private size(value: unknown, what: string): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.damaged(`sizes of ${what}`, String(value).slice(0, 40));
  }

  /** Makes a dict that is empty, or contains a list of pairs. */
  private orderedDict(args: readonly unknown[]): Map<unknown, unknown> {
    const dict = new Map<unknown, unknown>();
    const pairs = args.length === 0 ? [] : args[0];
    if (!Array.isArray(pairs)) throw this.damaged("an OrderedDict of pairs", "something else");
    for (const pair of pairs) {
      const [key, value] = pair instanceof Tuple ? pair.items : Array.isArray(pair) ? pair : [];
      dict.set(key, value);
    }
    return dict;
  }

  private rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): unknown {
    if (!(storage instanceof Storage && shape instanceof Tuple && strides instanceof Tuple)) {
      throw this.damaged("tensors of a storage, an offset, a shape and strides", "something else");
    }
    if (storage.reference === null) return OPAQUE;
    const sizes = (tuple: Tuple): number[] => tuple.items.map((item) => this.size(item, "a tensor"));
    const reference = {
      storage: storage.reference,
      offset: this.size(offset, "a tensor"),
      shape: sizes(shape),
      strides: sizes(strides),
    };
    expectInside(reference, `${this.source}: tensor`);
    return new Tensor(reference);
  }
}
