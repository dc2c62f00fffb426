/** Versions of the peers, as they are printed and written next to every figure. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runPython } from "./processes.js";

const PACKAGES = {
  "onnxruntime-web": "onnxruntime-web",
  sharp: "sharp",
  jimp: "jimp",
  "stock tfjs-backend-wasm": "@tensorflow/tfjs-backend-wasm",
} as const;

type NodeLibrary = keyof typeof PACKAGES;
type PythonLibrary = "Python" | "NumPy" | "SciPy" | "OpenCV" | "PyTorch";
export type Library = NodeLibrary | PythonLibrary;

const known = new Map<Library, string | null>();
let python: Partial<Record<PythonLibrary, string>> | undefined;

function find(library: Library): string | null {
  if (library in PACKAGES) {
    const path = `../../node_modules/${PACKAGES[library as NodeLibrary]}/package.json`; // from dist/bench
    const file = fileURLToPath(new URL(path, import.meta.url));
    return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  }
  python ??= runPython<NonNullable<typeof python>>("versions.py", []) ?? {};
  return python[library as PythonLibrary] ?? null;
}

/** Such as "2.15.0"; with its BLAS for NumPy and SciPy; null if PYTHON does not have the library. */
export function versionOf(library: Library): string | null {
  let version = known.get(library);
  if (version === undefined) {
    version = find(library);
    known.set(library, version);
  }
  return version;
}

/** The versions that this process has asked for, by library: those of the peers that it used. */
export function usedVersions(): Readonly<Record<string, string>> {
  return Object.fromEntries([...known].flatMap(([library, version]) => (version === null ? [] : [[library, version]])));
}
