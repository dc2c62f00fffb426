/** Runs `elegant preprocess` over odd files and checks its report. */
import assert from "node:assert/strict";
import { runHere } from "./in-process.js";
import type { Ended } from "./spawn.js";

export const COMMON = ["--size", "32", "--workers", "2", "--json"];

export function preprocess(...args: readonly string[]): Promise<Ended> {
  return runHere(["preprocess", ...args, ...COMMON]);
}

export interface Report {
  readonly done: number;
  readonly failed: number;
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
}

/**
 * Checks that a run over odd files is partly done, and that each failure names its file and describes the problem in
 * our own words.
 */
export function checkReport({ code, stdout, stderr }: Ended, count: number): Report {
  assert.equal(code, 3, stderr);
  const report = JSON.parse(stdout) as Report;
  assert.equal(report.done + report.failed, count);
  for (const { file, reason } of report.failures) {
    assert.ok(reason.startsWith(`${file}: `), reason);
    assert.doesNotMatch(reason, /(Type|Range|Reference|Runtime)Error|Invalid typed array|undefined/, reason);
  }
  return report;
}
