/** The `cpu` device: TensorFlow.js in plain JavaScript. Slow, and the reference for checking the other devices. */
import type { Device, OpenOptions, Probe } from "../device.js";

export const name = "cpu";

export async function probe(): Promise<Probe> {
  return { suitsAuto: true, kind: "cpu", reason: "" };
}

export async function open({ choice }: OpenOptions): Promise<Device> {
  const { openStock } = await import("./stock.js");
  await openStock();
  const hardware = "cpu: TensorFlow.js in plain JavaScript on one thread";
  return {
    name,
    kind: "cpu",
    description: `${hardware}, for checking only`,
    hardware,
    choice,
    threads: 1,
    isBatchInvariant: false, // it may be, but nobody has checked it
    limits: { tensorBytes: Number.POSITIVE_INFINITY, heap: null },
    freeze: () => {},
    close: async () => {},
  };
}
