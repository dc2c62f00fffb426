/** Other programs that preprocess. Each runs in a process that stays alive and does one round at a time. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MEAN_FACE } from "../../src/image/align.js";
import { PYTHON, PYTHON_ENVIRONMENT } from "../processes.js";
import { type Library, versionOf } from "../versions.js";

export interface Peer {
  readonly name: string;
  readonly version: string | null;
  /** Milliseconds of one round; null if it failed. */
  round(): Promise<number | null>;
  close(): void;
}

export interface PeerWork {
  readonly folder: string;
  readonly out: string;
  readonly size: number;
  readonly quality: number;
  readonly workers: number;
}

function start(name: Library, command: string, args: readonly (string | number)[], environment = {}): Peer {
  const child = spawn(command, args.map(String), {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...(command === PYTHON ? PYTHON_ENVIRONMENT : process.env), ...environment },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = Promise.race([once(child, "exit"), once(child, "error")]).then(
    () => null,
    () => null,
  );
  child.stdin.on("error", () => {}); // it ended
  return {
    name,
    version: versionOf(name),
    async round() {
      child.stdin.write("round\n");
      const answer = await Promise.race([lines.next(), gone]);
      return answer === null || answer.done === true ? null : Number(answer.value);
    },
    close: () => child.kill(),
  };
}

const script = (name: string): string => fileURLToPath(new URL(`../../../bench/peers/${name}`, import.meta.url));

/** The published pipeline. @param kind JPEG files, or bytes that are not encoded */
export function openCv({ folder, out, size, quality, workers }: PeerWork, kind: "jpg" | "raw"): Peer {
  const args = [script("opencv.py"), folder, out, size, quality, workers, kind];
  return start("OpenCV", PYTHON, args, { ELEGANT_TARGET: MEAN_FACE.flat().join(",") });
}

/** OpenCV's Haar cascade, which finds boxes in all photos of a folder. @param side to which it reduces each photo */
export function haarCascade(folder: string, workers: number, side: number): Peer {
  return start("OpenCV", PYTHON, [script("haar.py"), folder, workers, side]);
}

/** Libraries for Node. @param count number of photos of the data set, from the first */
export function nodeLibrary(name: "jimp" | "sharp", work: PeerWork, count: number): Peer {
  const { folder, out, size, quality, workers } = work;
  const args = [script("preprocess.mjs"), name, folder, out, size, quality, workers, count];
  return start(name, process.execPath, args, { UV_THREADPOOL_SIZE: String(workers) });
}
