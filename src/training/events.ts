/**
 * TensorBoard's event files: TFRecord frames around Event messages of TensorFlow's event.proto and summary.proto.
 * Only the fields that TensorBoard needs for curves and images are encoded.
 */
import { type FileHandle, open } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { ensureDir } from "../files.js";
import { bytesField, concat, doubleField, floatField, textField, varintField } from "../interop/protobuf.js";
import { AppendFile } from "./append-file.js";
import { maskedCrc32c } from "./crc32c.js";

export interface EventWriterOptions {
  /** Seconds since 1970; tests replace it. Default: the clock. */
  readonly now?: () => number;
  /** Step from which a resumed run continues. TensorBoard drops the later events of the interrupted run. */
  readonly resumedFrom?: number;
}

/** Appends curves and images to one new event file; calls may overlap, their order is kept. */
export class EventWriter extends AppendFile {
  private readonly now: () => number;

  private constructor(path: string, file: FileHandle, now: () => number) {
    super(path, file);
    this.now = now;
  }

  /**
   * Starts a new event file in `folder`, which is made if it is missing. TensorBoard reads all files of a folder as one
   * run, so a resumed run adds another file.
   */
  static async open(folder: string, options: EventWriterOptions = {}): Promise<EventWriter> {
    const now = options.now ?? (() => Date.now() / 1000);
    await ensureDir(folder);
    const { path, file } = await createFile(folder, Math.floor(now()));
    const writer = new EventWriter(path, file, now);
    await writer.frame(concat([doubleField(1, now()), textField(3, "brain.Event:2")]));
    if (options.resumedFrom !== undefined) {
      // SessionLog START: events of earlier files from this step on are obsolete.
      const start = bytesField(7, varintField(1, 1));
      await writer.frame(concat([doubleField(1, now()), varintField(2, options.resumedFrom + 1), start]));
    }
    return writer;
  }

  /** Adds one point to each named curve. The part of a tag before the first '/' is its group on the page. */
  async scalars(step: number, values: Readonly<Record<string, number>>): Promise<void> {
    const points = Object.entries(values).map(([tag, value]) =>
      bytesField(1, concat([textField(1, tag), floatField(2, value)])),
    );
    await this.frame(this.event(step, concat(points)));
  }

  /** Adds one image; `png` is the encoded file, width and height are in pixels. */
  async image(step: number, tag: string, png: Uint8Array, width: number, height: number): Promise<void> {
    const rgb = 3; // The colour space field is informative only; the PNG contains its own.
    const image = [varintField(1, height), varintField(2, width), varintField(3, rgb), bytesField(4, png)];
    await this.frame(this.event(step, bytesField(1, concat([textField(1, tag), bytesField(4, concat(image))]))));
  }

  private event(step: number, summary: Uint8Array): Uint8Array {
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new InputError(describeMismatch("step", "an integer from 0", String(step), "Count steps from 0."));
    }
    return concat([doubleField(1, this.now()), varintField(2, step), bytesField(5, summary)]);
  }

  /** Frames a message and appends it. */
  private frame(message: Uint8Array): Promise<void> {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(message.length), true);
    return this.write(concat([length, uint32(maskedCrc32c(length)), message, uint32(maskedCrc32c(message))]));
  }
}

async function createFile(folder: string, seconds: number): Promise<{ path: string; file: FileHandle }> {
  const host = hostname().replace(/[^\w.-]/g, "_");
  // TensorBoard reads a folder's files in the order of their names, so the time comes first, then a count.
  for (let count = 0; ; count++) {
    const name = `events.out.tfevents.${String(seconds).padStart(10, "0")}.${host}.${process.pid}.${count}`;
    const path = join(folder, name);
    try {
      return { path, file: await open(path, "wx") };
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") continue;
      throw fromSystemError(error, `Cannot write '${path}'`);
    }
  }
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
