/** Writes a run's report again after `elegant score`, from its newest checkpoint. */

import { loadNewestCheckpoint } from "../models/checkpoint.js";
import { packageVersion } from "../version.js";
import { writeRunReport } from "./run-report.js";
import { parseRunSettings } from "./settings.js";

/** @returns the report's path; null for an imported model, which has not been trained and has no report */
export async function rewriteRunReport(folder: string): Promise<string | null> {
  const { checkpoint } = await loadNewestCheckpoint(folder);
  const { step, best, options } = checkpoint.progress;
  if (options === null) return null;
  const settings = parseRunSettings(options, checkpoint.source);
  const generatedBy = `elegant-faces ${packageVersion()}, elegant score`;
  return writeRunReport(folder, { config: checkpoint.config, settings, step, best, generatedBy });
}
