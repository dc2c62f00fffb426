/** A model's editing weights on the current device. */
import { currentDevice } from "../device/current.js";
import type { Model } from "../methods/method.js";
import { disposeParameters, type Parameters, uploadParameters } from "../nn/parameters.js";
import { editSpecs, type ModelFile } from "./generator-file.js";

export interface Generator {
  readonly model: Model;
  /** The model's configuration. */
  readonly config: Model["config"];
  /** The parameters of the model's first group, which edits images, and further state that edits read. */
  readonly parameters: Parameters;
  /** The file that was read, for captions and messages. */
  readonly source: string;
  /** Warnings for the user, for example that a damaged checkpoint was skipped. */
  readonly warnings: readonly string[];
  /** Frees the device's memory. Call it before the device is closed. */
  dispose(): void;
}

export interface FoundModel extends ModelFile {
  /** Number of training steps; 0 if the file does not contain it. */
  readonly step: number;
  readonly source: string;
  readonly warnings: readonly string[];
}

/**
 * Puts a model that was read from a file on the current device.
 * @throws InputError if its tensors do not fit its configuration
 */
export function uploadGenerator({ model, tensors, source, warnings }: FoundModel): Generator {
  const parameters = uploadParameters(editSpecs(model), tensors, source);
  currentDevice()?.freeze(parameters.values());
  return { model, config: model.config, parameters, source, warnings, dispose: () => disposeParameters(parameters) };
}
