/**
 * PyTorch's checkpoint files: what torch.save writes since 1.6 (a zip archive) and before (pickles, then storages).
 * Reading runs nothing of the file: of all that a pickle may import, only the few names that a state dict needs are
 * known, and every other one is refused by name.
 */
import { describeMismatch, InputError } from "../errors.js";
import { type PickleGlobal, type PickleHost, readPickle, Tuple } from "./pickle.js";
import type { NamedTensors } from "./safetensors.js";
import {
  countOf,
  expectInside,
  gather,
  isStorageType,
  type PthTensor,
  readStorage,
  type StorageReference,
  type StorageType,
  storageBytes,
  type TensorReference,
} from "./storage.js";
import { isZip, readZip } from "./zip.js";

/** What the first pickle of the older container holds. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
/** Nested dicts deeper than this are no checkpoint. */
const MAX_DEPTH = 16;
/** A view may repeat its storage, so the sum of all tensors is bounded: values for each byte of the file. */
const MAX_VALUES_PER_BYTE = 16;
const MAX_ENTRIES = 1_000_000;

type Role = "OrderedDict" | "rebuildTensor" | "rebuildParameter" | "size" | StorageType;

/** A known name. */
class Known {
  readonly role: Role;
  constructor(role: Role) {
    this.role = role;
  }
}

class Tensor {
  readonly reference: TensorReference;
  constructor(reference: TensorReference) {
    this.reference = reference;
  }
}

class Storage {
  readonly reference: StorageReference;
  constructor(reference: StorageReference) {
    this.reference = reference;
  }
}

const KNOWN: Readonly<Record<string, Role>> = {
  "collections OrderedDict": "OrderedDict",
  "torch._utils _rebuild_tensor_v2": "rebuildTensor",
  "torch._utils _rebuild_tensor": "rebuildTensor",
  "torch._utils _rebuild_parameter": "rebuildParameter",
  "torch Size": "size",
};

/** Builds the tensors' descriptions and refuses the rest. */
class StateDictHost implements PickleHost {
  /** All that were referred to, by key. */
  readonly storages = new Map<string, StorageReference>();
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  private damaged(expected: string, received: string): InputError {
    return new InputError(describeMismatch(this.source, expected, received, "The file is damaged; fetch it again."));
  }

  global({ module, name }: PickleGlobal): Known {
    const key = `${module} ${name}`;
    if (Object.hasOwn(KNOWN, key)) return new Known(KNOWN[key]);
    if (module === "torch" && isStorageType(name)) return new Known(name);
    const remedy =
      "Nothing of the file was run. If you trust it, load it in PyTorch and save its state_dict() alone with torch.save.";
    const expected = "a state dict: tensors, numbers and texts in dicts";
    throw new InputError(describeMismatch(this.source, expected, `a pickle that imports ${module}.${name}`, remedy));
  }

  call(callee: unknown, args: readonly unknown[]): unknown {
    const role = callee instanceof Known ? callee.role : undefined;
    if (role === "OrderedDict") return this.orderedDict(args);
    if (role === "rebuildTensor") return this.rebuildTensor(args);
    if (role === "rebuildParameter" && args[0] instanceof Tensor) return args[0];
    if (role === "size" && args[0] instanceof Tuple) return args[0];
    throw this.damaged("a call that rebuilds a tensor", `one of ${role ?? "something that is no function"}`);
  }

  persistent(id: unknown): Storage {
    // ('storage', class, key, device, values) and, in the older container, a view of it.
    const [tag, type, key, , length, view = null] = id instanceof Tuple ? id.items : [];
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

  /** Empty, or from a list of pairs. */
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

  private rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): Tensor {
    if (!(storage instanceof Storage && shape instanceof Tuple && strides instanceof Tuple)) {
      throw this.damaged("tensors of a storage, an offset, a shape and strides", "something else");
    }
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

/** Every tensor by its path of keys, joined with dots, that is kept in nested dicts; other values are left out. */
function collectTensors(root: unknown, source: string): Map<string, TensorReference> {
  const found = new Map<string, TensorReference>();
  let entries = 0;
  const visit = (value: unknown, path: readonly string[]): void => {
    if (path.length > MAX_DEPTH || ++entries > MAX_ENTRIES) {
      const received = path.length > MAX_DEPTH ? `dicts ${path.length} deep` : `over ${MAX_ENTRIES} entries`;
      throw new InputError(describeMismatch(source, "a checkpoint", received, "Save its state_dict() alone."));
    }
    if (value instanceof Tensor) found.set(path.join("."), value.reference);
    if (value instanceof Map) for (const [key, item] of value) visit(item, [...path, String(key)]);
  };
  visit(stateDictOf(root), []);
  if (found.size > 0) return found;
  throw new InputError(
    describeMismatch(
      source,
      "tensors by name",
      "none",
      "Save a state_dict() with torch.save, or a dict that holds one.",
    ),
  );
}

/** The dict that holds the tensors: {"epoch": 3, "model": {...}} is one of them in a wrapper. */
function stateDictOf(root: unknown): unknown {
  let dict = root;
  for (let depth = 0; depth < MAX_DEPTH && dict instanceof Map; depth++) {
    const values = [...dict.values()];
    const inner = values.filter((value) => value instanceof Map && value.size > 0);
    if (inner.length !== 1 || values.some((value) => value instanceof Tensor)) return dict;
    dict = inner[0];
  }
  return dict;
}

interface Contents {
  readonly root: unknown;
  /** Bytes of each storage. */
  readonly storages: ReadonlyMap<string, Uint8Array>;
}

function readArchive(bytes: Uint8Array, source: string): Contents {
  const entries = readZip(bytes, source);
  const pickle = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    const received = `a zip archive with ${[...entries.keys()].slice(0, 3).join(", ") || "nothing"}`;
    throw new InputError(describeMismatch(source, "an archive of torch.save", received, "Choose another file."));
  }
  const folder = pickle.slice(0, -"data.pkl".length);
  const order = entries.get(`${folder}byteorder`);
  if (order !== undefined) expectLittleEndian(new TextDecoder().decode(order) === "little", source);
  const { value } = readPickle(entries.get(pickle) as Uint8Array, 0, new StateDictHost(source), source);
  const data = `${folder}data/`;
  const storages = [...entries].filter(([name]) => name.startsWith(data));
  return { root: value, storages: new Map(storages.map(([name, stored]) => [name.slice(data.length), stored])) };
}

function expectLittleEndian(isLittle: boolean, source: string): void {
  if (isLittle) return;
  const remedy = "Save it again on a little-endian machine.";
  throw new InputError(describeMismatch(source, "little-endian numbers", "big-endian ones", remedy));
}

function readLegacy(bytes: Uint8Array, source: string): Contents {
  const host = new StateDictHost(source);
  let at = 0;
  const next = (): unknown => {
    const { value, end } = readPickle(bytes, at, host, source);
    at = end;
    return value;
  };
  // A pickle begins with PROTO; anything else is another kind of file, which deserves to be told so.
  const magic = bytes[0] === 0x80 ? next() : null;
  if (magic !== LEGACY_MAGIC) {
    const received = bytes.length === 0 ? "an empty file" : "another kind of file";
    throw new InputError(describeMismatch(source, "a file of torch.save", received, "Choose a .pth file."));
  }
  const protocol = next();
  if (protocol !== LEGACY_PROTOCOL) {
    const remedy = "Save it again with a newer PyTorch.";
    throw new InputError(describeMismatch(source, `protocol ${LEGACY_PROTOCOL}`, String(protocol), remedy));
  }
  const system = next();
  expectLittleEndian(!(system instanceof Map) || system.get("little_endian") !== false, source);
  const root = next();
  const keys = next();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storages = new Map<string, Uint8Array>();
  const cut = (received: string): InputError =>
    new InputError(describeMismatch(source, "its storages", received, "It is cut short or damaged; fetch it again."));
  if (!Array.isArray(keys)) throw cut("no list of them");
  for (const key of keys) {
    const reference = host.storages.get(String(key));
    if (reference === undefined) throw cut(`one that no tensor uses, '${String(key).slice(0, 40)}'`);
    if (at + 8 > bytes.length) throw cut(`an end at byte ${bytes.length}`);
    const length = view.getBigInt64(at, true);
    const size = storageBytes(reference);
    if (length !== BigInt(reference.length)) throw cut(`${length} values for ${reference.length}`);
    if (at + 8 + size > bytes.length) throw cut(`an end at byte ${bytes.length}, before that of storage ${key}`);
    storages.set(reference.key, bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return { root, storages };
}

/**
 * The tensors of a file of torch.save, in the order of its dict; names of nested dicts are joined with dots.
 * @param source names the file in messages
 * @throws InputError for any other file, a damaged one, and one that needs more than a state dict does
 */
export function decodePth(bytes: Uint8Array, source: string): Map<string, PthTensor> {
  const { root, storages } = isZip(bytes) ? readArchive(bytes, source) : readLegacy(bytes, source);
  const references = collectTensors(root, source);
  const wanted = [...references.values()].reduce((sum, { shape }) => sum + countOf(shape), 0);
  if (wanted > MAX_VALUES_PER_BYTE * bytes.length) {
    const expected = `at most ${MAX_VALUES_PER_BYTE} values for each byte of the file`;
    throw new InputError(
      describeMismatch(source, expected, `${wanted} in ${bytes.length} bytes`, "Choose another file."),
    );
  }
  const numbers = new Map<string, Float32Array | Float64Array>();
  const tensors = new Map<string, PthTensor>();
  for (const [name, reference] of references) {
    const { storage } = reference;
    const id = `${storage.type} ${storage.key} ${storage.length}`;
    let values = numbers.get(id);
    if (values === undefined) {
      const stored = storages.get(storage.key);
      if (stored === undefined || stored.length < storageBytes(storage)) {
        const received = stored === undefined ? "no storage" : `${stored.length} bytes`;
        const remedy = "It is cut short or damaged; fetch it again.";
        throw new InputError(
          describeMismatch(`${source}: ${name}`, `${storageBytes(storage)} bytes of data`, received, remedy),
        );
      }
      values = readStorage(storage, stored);
      numbers.set(id, values);
    }
    tensors.set(name, gather(reference, values));
  }
  return tensors;
}

/** The same as float32, which is what networks take; counters above 2^24 are rounded. */
export function toNamedTensors(tensors: ReadonlyMap<string, PthTensor>): NamedTensors {
  const named: NamedTensors = new Map();
  for (const [name, { shape, data }] of tensors) {
    named.set(name, { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) });
  }
  return named;
}
