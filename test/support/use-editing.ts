/** A tiny model and faces for the editing commands, in a folder of the tests. */
import { writeFile } from "node:fs/promises";
import { encodePng } from "../../src/image/codec.js";
import { useFolder } from "./folder.js";
import { runHere } from "./in-process.js";
import { tinyGenerator } from "./model.js";
import { goldenPhoto } from "./pictures.js";
import type { Ended } from "./spawn.js";

/**
 * Writes model.safetensors and faces of 64 x 64 pixels with these names before the tests of the enclosing describe().
 * @returns paths in the folder, as of useFolder(), and a command on one worker
 */
export function useEditing(names: readonly string[]) {
  const face = useFolder();
  before(async () => {
    await writeFile(face("model.safetensors"), tinyGenerator(9));
    for (const name of names) await writeFile(face(name), await encodePng(goldenPhoto(name, 2, 64, 64)));
  });

  /** Words that start with @ name files in the test's folder. */
  function elegant(line: string, device = "wasm"): Promise<Ended> {
    const words = line.split(" ").map((word) => (word.startsWith("@") ? face(word.slice(1)) : word));
    return runHere([...words, "--device", device, "--workers", "1"]);
  }

  return { face, elegant };
}
