/** Runs `elegant import` with the networks of a method. */
import { join } from "node:path";
import { runHere } from "./in-process.js";
import type { Ended } from "./spawn.js";

export const elegant = (...args: string[]): Promise<Ended> => runHere(args);

export const NETWORKS = ["Enc", "Dec", "D1", "D2"] as const;

export const filesOf = (folder: string, networks: readonly string[] = NETWORKS, step = 12): string[] => {
  return networks.map((network) => join(folder, `${network}_iter_${step}.pth`));
};
