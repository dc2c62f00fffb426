/**
 * Reads PyTorch's checkpoint files: those of torch.save since 1.6 (a zip archive) and before (pickles, then storages).
 * Reading runs nothing from the file (state-dict-host.ts).
 */
import { describeMismatch, InputError } from "../errors.js";
import { readPickle } from "./pickle.js";
import type { NamedTensors } from "./safetensors.js";
import { StateDictHost, Tensor } from "./state-dict-host.js";
import { countOf, gather, type PthTensor, readStorage, storageBytes, type TensorReference } from "./storage.js";
import { isZip, readZip } from "./zip.js";

/** Value of the first pickle in the older container. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
/** Largest depth of nested dicts. A file with deeper ones is not a checkpoint. */
const MAX_DEPTH = 16;
/**
 * Largest number of values of all tensors together, per byte of the file. Views may repeat their storage, so this needs
 * a limit.
 */
const MAX_VALUES_PER_BYTE = 16;
const MAX_ENTRIES = 1_000_000;
/**
 * Largest unpacked size: this number of bytes, or the next constant times the size of the file if that is more.
 * torch.save stores its entries uncompressed; other writers, and torch.jit.save, compress some.
 */
const UNPACKED_BYTES = 2 ** 28;
const UNPACKED_PER_BYTE = 16;

/** All tensors in nested dicts, by their path of keys joined with dots. Other values are ignored. */
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

/** Finds the dict that contains the tensors. A checkpoint may wrap it, as in {"epoch": 3, "model": {...}}. */
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
  /** Bytes of each storage, by key. */
  readonly storages: ReadonlyMap<string, Uint8Array>;
}

function readArchive(bytes: Uint8Array, source: string): Contents {
  const entries = readZip(bytes, source, Math.max(UNPACKED_BYTES, UNPACKED_PER_BYTE * bytes.length));
  const pickle = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    const received = `a zip archive with ${[...entries.keys()].slice(0, 3).join(", ") || "nothing"}`;
    throw new InputError(describeMismatch(source, "an archive of torch.save", received, "Choose another file."));
  }
  const folder = pickle.slice(0, -"data.pkl".length);
  if (entries.has(`${folder}constants.pkl`)) {
    const remedy = "Load it with torch.jit.load and save its state_dict() with torch.save.";
    throw new InputError(describeMismatch(source, "a state dict", "a TorchScript program of torch.jit.save", remedy));
  }
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

/** True for a tar archive, PyTorch's container before 0.2: sys_info, pickle, tensors and storages. */
function isTar(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(257, 262)) === "ustar";
}

/** Names the kind of a file that torch.save did not write, for messages. */
function kindOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  if (isTar(bytes)) return "a tar archive, as PyTorch 0.1 wrote it";
  const begin = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  if (begin.startsWith("version https://git-lfs")) return "a Git LFS pointer: the file itself was not fetched";
  return "another kind of file";
}

function readLegacy(bytes: Uint8Array, source: string): Contents {
  const host = new StateDictHost(source);
  let at = 0;
  const next = (): unknown => {
    const { value, end } = readPickle(bytes, at, host, source);
    at = end;
    return value;
  };
  // A pickle begins with PROTO. Any other file gets a message that names its kind.
  const magic = bytes[0] === 0x80 ? next() : null;
  if (magic !== LEGACY_MAGIC) {
    const remedy = isTar(bytes) ? "Load it with torch.load and save it again with torch.save." : "Choose a .pth file.";
    throw new InputError(describeMismatch(source, "a file of torch.save", kindOf(bytes), remedy));
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
    const known = reference === undefined ? host.foreign.get(String(key)) : reference;
    if (known === undefined) throw cut(`one that no tensor uses, '${String(key).slice(0, 40)}'`);
    if (at + 8 > bytes.length) throw cut(`an end at byte ${bytes.length}`);
    const length = view.getBigInt64(at, true);
    const size = "bytes" in known ? known.bytes : storageBytes(known);
    if (length !== BigInt(known.length)) throw cut(`${length} values for ${known.length}`);
    if (at + 8 + size > bytes.length) throw cut(`an end at byte ${bytes.length}, before that of storage ${key}`);
    storages.set(String(key), bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return { root, storages };
}

/**
 * The tensors of a file of torch.save, in the order of its dict. Names of nested dicts are joined with dots.
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

/** Converts the tensors to float32, which networks need. Counters above 2^24 are rounded. */
export function toNamedTensors(tensors: ReadonlyMap<string, PthTensor>): NamedTensors {
  const named: NamedTensors = new Map();
  for (const [name, { shape, data }] of tensors) {
    named.set(name, { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) });
  }
  return named;
}
