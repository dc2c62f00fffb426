/** All commands, in the order of the help. Each command is one file. */
import { registerAlign } from "./align.js";
import { registerCompletion } from "./completion.js";
import { registerDemo } from "./demo.js";
import { registerDoctor } from "./doctor.js";
import { registerEdit } from "./edit.js";
import { registerExport } from "./export.js";
import { registerFid } from "./fid.js";
import { registerImport } from "./import.js";
import { registerInspect } from "./inspect.js";
import { registerLabel } from "./label.js";
import { registerLinear } from "./linear.js";
import { registerMatrix } from "./matrix.js";
import { registerMerge } from "./merge.js";
import { registerPlan } from "./plan.js";
import { registerPreprocess } from "./preprocess.js";
import type { Register } from "./program.js";
import { registerQueue } from "./queue.js";
import { registerScore } from "./score.js";
import { registerSwap } from "./swap.js";
import { registerSynth } from "./synth.js";
import { registerTable } from "./table.js";
import { registerTrain } from "./train.js";
import { registerVerify } from "./verify.js";
import { registerWeb } from "./web.js";
import { registerWeights } from "./weights.js";

export const COMMANDS: readonly Register[] = [
  registerDemo,
  registerWeb,
  registerSynth,
  registerPreprocess,
  registerInspect,
  registerAlign,
  registerLabel,
  registerTrain,
  registerSwap,
  registerEdit,
  registerLinear,
  registerMatrix,
  registerImport,
  registerExport,
  registerFid,
  registerMerge,
  registerQueue,
  registerTable,
  registerScore,
  registerWeights,
  registerPlan,
  registerVerify,
  registerDoctor,
  registerCompletion,
];
