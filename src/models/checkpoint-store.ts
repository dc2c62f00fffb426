/** The folder of a run's checkpoints: RUN/checkpoints holds the newest few and the best one. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { ensureDir, removeTemporaries, writeFileAtomic } from "../files.js";
import { decodeSafetensors, type NamedTensors } from "../interop/safetensors.js";
import type { Model, TrainingState } from "../methods/method.js";
import {
  type Checkpoint,
  type CheckpointProgress,
  countUpdates,
  downloadState,
  encodeCheckpoint,
  importedTensors,
  parseCheckpoint,
} from "./checkpoint.js";

export const CHECKPOINTS_FOLDER = "checkpoints";
/** Number of checkpoints kept: the newest may be damaged, and the one before may contain the fault you look for. */
const KEPT_CHECKPOINTS = 3;
const FILE_PATTERN = /^step-(\d{8,})\.safetensors$/;
/** File of the checkpoint with the lowest score (training/score.ts), next to the newest few. */
const BEST = "best.safetensors";

export interface CheckpointEntry {
  readonly path: string;
  readonly step: number;
}

/**
 * Writes RUN/checkpoints/step-00001234.safetensors whole or not at all, and the same bytes as best.safetensors if it is
 * the best so far. Then it deletes all but the newest three up to this step. The update counts are those of `state`,
 * which must not be trained on until the promise is fulfilled.
 * @returns the path of the file
 * @throws RetryableError if the disk is full or a value is not finite, InputError if the folder cannot be written
 */
export async function saveCheckpoint(
  runFolder: string,
  state: TrainingState,
  progress: Pick<CheckpointProgress, "step" | "best" | "options">,
): Promise<string> {
  const updates = countUpdates(state);
  return writeCheckpoint(runFolder, state.model, await downloadState(state), { ...progress, updates });
}

/**
 * Writes a checkpoint of weights from elsewhere, before any update of ours: Adam's moments are zero.
 * @param tensors all groups' parameters in PyTorch's layout
 * @throws InputError if one is missing or does not fit; RetryableError as saveCheckpoint()
 */
export async function saveImported(
  runFolder: string,
  model: Model,
  tensors: NamedTensors,
  step: number,
): Promise<string> {
  const updates = Object.fromEntries(model.groups.map((group) => [group, 0]));
  return writeCheckpoint(runFolder, model, importedTensors(model, tensors), {
    step,
    updates,
    best: null,
    options: null,
  });
}

async function writeCheckpoint(
  runFolder: string,
  model: Model,
  tensors: NamedTensors,
  progress: CheckpointProgress,
): Promise<string> {
  const { step, best } = progress;
  const bytes = await encodeCheckpoint(model, tensors, progress);
  await ensureDir(join(runFolder, CHECKPOINTS_FOLDER));
  const path = join(runFolder, CHECKPOINTS_FOLDER, `step-${String(step).padStart(8, "0")}.safetensors`);
  // The best comes first: a run that is killed in between resumes from the checkpoint before and gets here again.
  if (best?.step === step) await writeFileAtomic(join(runFolder, CHECKPOINTS_FOLDER, BEST), bytes);
  await writeFileAtomic(path, bytes);
  await removeOld(runFolder, step);
  return path;
}

/** Deletes old files. Those of later steps stay: a resume stepped back from them as damaged, and overwrites them. */
async function removeOld(runFolder: string, step: number): Promise<void> {
  const upToNow = (await listCheckpoints(runFolder)).filter((entry) => entry.step <= step);
  for (const { path } of upToNow.slice(0, -KEPT_CHECKPOINTS)) {
    await rm(path, { force: true }).catch(() => {}); // the checkpoint is safe; the next save tries again
  }
  await removeTemporaries(join(runFolder, CHECKPOINTS_FOLDER));
}

/** Lists the checkpoints of a run, oldest first; the list is empty if there is no such folder. */
export async function listCheckpoints(runFolder: string): Promise<CheckpointEntry[]> {
  const folder = join(runFolder, CHECKPOINTS_FOLDER);
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw fromSystemError(error, `Listing the checkpoints of '${runFolder}'`);
  });
  return names
    .flatMap((name) => {
      const match = FILE_PATTERN.exec(name);
      return match === null ? [] : [{ path: join(folder, name), step: Number(match[1]) }];
    })
    .sort((a, b) => a.step - b.step);
}

/** Finds the checkpoint of the latest step without reading it. @throws InputError if the run has none */
export async function newestCheckpoint(runFolder: string): Promise<CheckpointEntry> {
  const newest = (await listCheckpoints(runFolder)).at(-1);
  if (newest !== undefined) return newest;
  const remedy = "Check the path, or train first: elegant train DATA --attributes A B --out RUN.";
  throw new InputError(
    describeMismatch(runFolder, `a run with ${CHECKPOINTS_FOLDER}/step-*.safetensors`, "none", remedy),
  );
}

/** Reads a checkpoint's file. @throws InputError if it is missing, not a checkpoint, of another version or damaged */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fromSystemError(error, `Reading the checkpoint '${path}'`);
  });
  return parseCheckpoint(decodeSafetensors(bytes, path), path);
}

/**
 * Reads the newest checkpoint of a run that can be read. It skips a damaged one, with a warning for the user.
 * @throws InputError if the run has none that can be read
 */
export async function loadNewestCheckpoint(
  runFolder: string,
): Promise<{ readonly checkpoint: Checkpoint; readonly path: string; readonly warnings: readonly string[] }> {
  await newestCheckpoint(runFolder); // Its error says what to do if there is none.
  const warnings: string[] = [];
  const newestFirst = (await listCheckpoints(runFolder)).reverse().map(({ path }) => path);
  const folder = join(runFolder, CHECKPOINTS_FOLDER);
  const best = (await readdir(folder)).includes(BEST) ? [join(folder, BEST)] : [];
  for (const path of [...newestFirst, ...best]) {
    try {
      return { checkpoint: await loadCheckpoint(path), path, warnings };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      warnings.push(`Passed over a checkpoint: ${error.message}`);
    }
  }
  const remedy = `Restore a copy or train again. ${warnings[0]}`;
  throw new InputError(describeMismatch(runFolder, "a checkpoint", `${warnings.length} damaged`, remedy));
}
