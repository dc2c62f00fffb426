/** The options of `elegant fid`, and the device that they ask for. */
import type { Device } from "../device/device.js";
import type { ExtractorName } from "../metrics/extractors.js";
import type { CommandContext, CommonOptions } from "./command.js";
import { openDeviceFor } from "./device.js";
import type { PartOption } from "./part.js";
import type { PlannedOptions } from "./planned.js";

export interface FidCommand extends PlannedOptions, CommonOptions<"seed" | "device">, PartOption {
  readonly dims: string;
  readonly mode: "pytorch" | "tensorflow" | "clean";
  readonly features: ExtractorName;
  readonly weights?: string;
  readonly recursive: boolean;
  readonly strict: boolean;
  readonly cache: boolean;
  readonly batch: number;
  readonly kid: boolean;
  readonly prc: boolean;
  readonly saveStats?: string;
  readonly saveFeatures?: string;
}

export function openFidDevice(options: FidCommand, context: CommandContext): Promise<Device> {
  return openDeviceFor(({ featureTrial }) => featureTrial(options), options, context);
}
