/**
 * Reads Python pickles (protocols 2 to 5, https://docs.python.org/3/library/pickle.html) without running anything. It
 * builds dictionaries, lists, tuples, numbers and texts. Its caller decides what each global, call and persistent id
 * stands for. A pickle is a program for a stack machine. Opcodes that only make objects of classes are not implemented,
 * and so they are refused.
 */
import { PickleBytes } from "./pickle-bytes.js";

/** A name that the pickle imports. Nothing is actually imported. */
export interface PickleGlobal {
  readonly module: string;
  readonly name: string;
}

/** A tuple, as a class of its own so that it cannot be mistaken for a list. */
export class Tuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** Resolves what a pickle may refer to. Each function throws for anything it does not know. */
export interface PickleHost {
  /** The value that stands for an imported name. */
  global(name: PickleGlobal): unknown;
  /** The result of calling `callee`, a value returned by global(). */
  call(callee: unknown, args: readonly unknown[]): unknown;
  /** True for a value that stands for an object that nobody needs, and whose class may be instantiated. */
  isOpaque(value: unknown): boolean;
  /** The object that a persistent id stands for. */
  persistent(id: unknown): unknown;
}

const MARK = Symbol("mark");

/**
 * Reads one pickle.
 * @param source names the file in messages
 * @returns the value, and the position of the next byte
 * @throws InputError for a pickle that is cut short, damaged, or does something that its host refuses
 */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  host: PickleHost,
  source: string,
): { readonly value: unknown; readonly end: number } {
  return new Machine(bytes, start, host, source).run();
}

class Machine extends PickleBytes {
  private readonly host: PickleHost;
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array, start: number, host: PickleHost, source: string) {
    super(bytes, start, source);
    this.host = host;
  }

  run(): { value: unknown; end: number } {
    for (;;) {
      const opcode = this.bytes[this.take(1)];
      if (opcode === 0x2e) return { value: this.pop(), end: this.at }; // STOP
      this.execute(opcode);
    }
  }

  private pop(): unknown {
    const value = this.stack.pop();
    if (value === undefined || value === MARK) throw this.fail(`an empty stack at byte ${this.at}`);
    return value;
  }

  private top(): unknown {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  /** Pops everything that was pushed since the last mark, including the mark. */
  private popMark(): unknown[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw this.fail(`no mark at byte ${this.at}`);
    return this.stack.splice(mark).slice(1);
  }

  private popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  private setItems(items: readonly unknown[]): void {
    const target = this.top();
    if (this.host.isOpaque(target)) return;
    if (!(target instanceof Map) || items.length % 2 !== 0)
      throw this.fail(`entries without a dict at byte ${this.at}`);
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }

  private append(items: readonly unknown[]): void {
    const target = this.top();
    if (this.host.isOpaque(target)) return;
    if (!Array.isArray(target)) throw this.fail(`items without a list at byte ${this.at}`);
    for (const item of items) target.push(item);
  }

  private remember(key: number): void {
    this.memo.set(key, this.top());
  }

  private recall(key: number): void {
    if (!this.memo.has(key)) throw this.fail(`an unknown memo ${key} at byte ${this.at}`);
    this.stack.push(this.memo.get(key));
  }

  private importName(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string") throw this.fail(`a nameless global at byte ${this.at}`);
    this.stack.push(this.host.global({ module, name }));
  }

  private execute(opcode: number): void {
    const { stack, view } = this;
    switch (opcode) {
      case 0x80: // PROTO
        if (this.bytes[this.take(1)] > 5) throw this.fail("a protocol after 5");
        return;
      case 0x95: // FRAME
        this.take(8);
        return;
      case 0x28: // MARK
        stack.push(MARK);
        return;
      case 0x30: // POP
        stack.pop();
        return;
      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
        stack.push(true);
        return;
      case 0x89: // NEWFALSE
        stack.push(false);
        return;
      case 0x4b: // BININT1
        stack.push(this.bytes[this.take(1)]);
        return;
      case 0x4d: // BININT2
        stack.push(view.getUint16(this.take(2), true));
        return;
      case 0x4a: // BININT
        stack.push(view.getInt32(this.take(4), true));
        return;
      case 0x8a: // LONG1
        stack.push(this.long(this.bytes[this.take(1)]));
        return;
      case 0x8b: // LONG4
        stack.push(this.long(view.getInt32(this.take(4), true)));
        return;
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(this.take(8), false));
        return;
      case 0x58: // BINUNICODE
      case 0x54: // BINSTRING
        stack.push(this.text(view.getUint32(this.take(4), true)));
        return;
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
        stack.push(this.text(this.bytes[this.take(1)]));
        return;
      case 0x8d: // BINUNICODE8
        stack.push(this.text(this.wide()));
        return;
      case 0x43: // SHORT_BINBYTES
        stack.push(this.binary(this.bytes[this.take(1)]));
        return;
      case 0x42: // BINBYTES
        stack.push(this.binary(view.getUint32(this.take(4), true)));
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(this.binary(this.wide()));
        return;
      case 0x8f: // EMPTY_SET
        stack.push(new Set());
        return;
      case 0x90: {
        const items = this.popMark(); // ADDITEMS
        const target = this.top();
        if (!(target instanceof Set)) throw this.fail(`items without a set at byte ${this.at}`);
        for (const item of items) target.add(item);
        return;
      }
      case 0x91: // FROZENSET
        stack.push(new Set(this.popMark()));
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        return;
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        return;
      case 0x29: // EMPTY_TUPLE
        stack.push(new Tuple([]));
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(new Tuple(this.popMany(opcode - 0x84)));
        return;
      case 0x74: // TUPLE
        stack.push(new Tuple(this.popMark()));
        return;
      case 0x73: // SETITEM
        this.setItems(this.popMany(2));
        return;
      case 0x75: // SETITEMS
        this.setItems(this.popMark());
        return;
      case 0x61: // APPEND
        this.append([this.pop()]);
        return;
      case 0x65: // APPENDS
        this.append(this.popMark());
        return;
      case 0x71: // BINPUT
        this.remember(this.bytes[this.take(1)]);
        return;
      case 0x72: // LONG_BINPUT
        this.remember(view.getUint32(this.take(4), true));
        return;
      case 0x94: // MEMOIZE
        this.remember(this.memo.size);
        return;
      case 0x68: // BINGET
        this.recall(this.bytes[this.take(1)]);
        return;
      case 0x6a: // LONG_BINGET
        this.recall(view.getUint32(this.take(4), true));
        return;
      case 0x63: // GLOBAL
        this.importName(this.line(), this.line());
        return;
      case 0x93: {
        const [module, name] = this.popMany(2); // STACK_GLOBAL
        this.importName(module, name);
        return;
      }
      case 0x51: // BINPERSID
        stack.push(this.host.persistent(this.pop()));
        return;
      case 0x52: {
        const args = this.pop(); // REDUCE
        if (!(args instanceof Tuple)) throw this.fail(`a call without arguments at byte ${this.at}`);
        stack.push(this.host.call(this.pop(), args.items));
        return;
      }
      case 0x81: {
        const [callee, args] = this.popMany(2); // NEWOBJ
        if (!this.host.isOpaque(callee) || !(args instanceof Tuple)) throw this.needless(opcode);
        stack.push(this.host.call(callee, args.items));
        return;
      }
      // BUILD sets attributes of an object, such as the module versions of a state dict. None of them is needed.
      case 0x62:
        this.pop();
        if (!(this.top() instanceof Map) && !this.host.isOpaque(this.top()))
          throw this.fail(`attributes of something other than a dict at byte ${this.at}`);
        return;
      default:
        throw this.needless(opcode);
    }
  }
}
