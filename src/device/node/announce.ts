/** Decides when to print the chosen device: the first time on a machine, when the choice changes, and after a fallback. */
import { hostname } from "node:os";
import { z } from "zod";
import { readCached, writeCached } from "../../cache.js";
import type { Device } from "../device.js";

const ANNOUNCED = "announced-devices.json";
/** The device that was printed last, by machine and `--device`. */
const announcedSchema = z.record(z.string(), z.string());

async function readAnnounced(): Promise<Record<string, string>> {
  const bytes = await readCached(ANNOUNCED, () => {}); // without the file, the line is printed once more
  try {
    return announcedSchema.parse(JSON.parse(Buffer.from(bytes ?? []).toString("utf8")));
  } catch {
    return {};
  }
}

export interface AnnounceOptions {
  /** The value of `--device`. */
  readonly device: string;
  /** True to print the device in any case. */
  readonly verbose?: boolean;
  /** False for a command that writes no files. */
  readonly cache?: boolean;
}

/** Returns the device's description if it has to be printed, or null if it was printed on this machine before. */
export async function announceDevice(
  device: Pick<Device, "description" | "hardware" | "choice">,
  { device: choice, verbose = false, cache = true }: AnnounceOptions,
): Promise<string | null> {
  const key = `${hostname()} ${choice}`;
  const known = await readAnnounced();
  const { description, hardware, choice: why } = device;
  // Without the number of threads: with another number it is still the same choice.
  const value = `${hardware} (${why.reason})`;
  if (known[key] === value) return verbose || why.isFallback ? description : null;
  if (cache)
    await writeCached(ANNOUNCED, () => Buffer.from(`${JSON.stringify({ ...known, [key]: value }, null, 1)}\n`));
  return description;
}

/** The same, in words that follow the name of the work: " on wasm: ...", or an empty text. */
export async function deviceWords(
  device: Pick<Device, "description" | "hardware" | "choice">,
  options: AnnounceOptions,
): Promise<string> {
  const description = await announceDevice(device, options);
  return description === null ? "" : ` on ${description}`;
}
