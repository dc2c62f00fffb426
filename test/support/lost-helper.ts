/** A helper thread that joins the first work and then ends without leaving it. */
import { workerData } from "node:worker_threads";
import { controlViews, GENERATION, join, type TeamHelperData } from "../../src/pool/team/protocol.js";

const control = controlViews((workerData as TeamHelperData).memory);
while (!join(control)) Atomics.wait(control.words, GENERATION, Atomics.load(control.words, GENERATION), 1);
process.exit(0);
