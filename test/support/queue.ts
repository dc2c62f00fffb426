/** Commands of the queue in processes of their own, and waiting for what they do. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Ended, fromRoot, runNode } from "./spawn.js";

export const elegant = (...args: string[]): Promise<Ended> => runNode(fromRoot("bin/elegant.js"), args);

export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (await isSo()) return;
    await sleep(25);
  }
  assert.fail(`expected ${what} within 30 s`);
}
