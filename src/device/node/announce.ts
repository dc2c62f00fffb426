/** Decides when users are shown which device was chosen: the first time on a machine, when it changes, and after a fallback. */
import { hostname } from "node:os";
import { z } from "zod";
import { readCached, writeCached } from "../../cache.js";
import { HAS_SHARED_MEMORY } from "../../kernels/memory.js";
import type { Device } from "../device.js";

const ANNOUNCED = "announced-devices.json";
/** The last description that was printed, by machine and choice. */
const announcedSchema = z.record(z.string(), z.string());

async function readAnnounced(): Promise<Record<string, string>> {
  const bytes = await readCached(ANNOUNCED, () => {}); // without it the line is printed once more
  try {
    return announcedSchema.parse(JSON.parse(Buffer.from(bytes ?? []).toString("utf8")));
  } catch {
    return {};
  }
}

/** True if a better device did not open, or if the engine allows only one thread. */
function isFallback({ name, description }: Pick<Device, "name" | "description">): boolean {
  return description.includes("does not open") || (name === "wasm" && !HAS_SHARED_MEMORY);
}

export interface AnnounceOptions {
  /** What was asked for. */
  readonly device: string;
  /** To have the words in any case. */
  readonly verbose?: boolean;
  /** False for a command that keeps nothing. */
  readonly cache?: boolean;
}

/** The device's description if it has to be printed, or null if it was printed on this machine before. */
export async function announceDevice(
  device: Pick<Device, "name" | "description">,
  { device: choice, verbose = false, cache = true }: AnnounceOptions,
): Promise<string | null> {
  const key = `${hostname()} ${choice}`;
  const known = await readAnnounced();
  // Another number of threads is no other choice.
  const value = device.description.replace(/\b\d+ threads?\b/g, "threads");
  if (known[key] === value) return verbose || isFallback(device) ? device.description : null;
  if (cache)
    await writeCached(ANNOUNCED, () => Buffer.from(`${JSON.stringify({ ...known, [key]: value }, null, 1)}\n`));
  return device.description;
}

/** The same, to follow what runs on the device: " on wasm: ...", or nothing. */
export async function deviceWords(
  device: Pick<Device, "name" | "description">,
  options: AnnounceOptions,
): Promise<string> {
  const description = await announceDevice(device, options);
  return description === null ? "" : ` on ${description}`;
}
