/** Opens the device of a command: the one that the user named, or the fastest one for the command's work. */
import type { Device } from "../device/device.js";
import type { Trial } from "../planner/choose-device.js";
import type { CommandContext, CommonOptions } from "./command.js";

interface DeviceOptions extends CommonOptions<"workers" | "device"> {
  readonly recalibrate?: boolean;
}

/** @param trial makes a sample of the work; called only if this machine has several devices to compare */
export async function openDeviceFor(
  trial: (trials: typeof import("../planner/trials.js")) => Promise<Trial> | Trial,
  { device, workers, recalibrate = false }: DeviceOptions,
  { print }: CommandContext,
): Promise<Device> {
  const { openForWork } = await import("../planner/choose-device.js");
  const make = async (): Promise<Trial> => trial(await import("../planner/trials.js"));
  return openForWork(device, make, { threads: workers, recalibrate, print });
}
