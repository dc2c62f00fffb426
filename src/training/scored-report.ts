/** Writes a run's report again after `elegant score`, from its newest checkpoint. */
import { packageVersion } from "../version.js";
import { savedRun } from "./run.js";
import { writeRunReport } from "./run-report.js";

/** Writes the report. @returns its path; null for an imported model, which has not been trained and has no report */
export async function rewriteRunReport(folder: string): Promise<string | null> {
  const { model, settings, progress } = await savedRun(folder);
  if (settings === null) return null;
  const { step, best } = progress;
  const generatedBy = `elegant-faces ${packageVersion()}, elegant score`;
  return writeRunReport(folder, { model, settings, step, best, generatedBy });
}
