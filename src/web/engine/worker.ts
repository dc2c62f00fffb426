/** The engine's Worker: answers the page's calls one after the other. */
import { z } from "zod";
import { ElegantError, InputError } from "../../errors.js";
import { setAssetFolder } from "../../platform/browser.js";
import type { EngineCall, EngineReply } from "../protocol.js";
import { createEngine } from "./engine.js";

// The page's Content-Security-Policy forbids code from strings, which zod would try.
z.config({ jitless: true });
// The bundle is in the page's folder, next to the modules.
setAssetFolder(new URL("./files/", import.meta.url));

const engine = createEngine();

async function answer({ id, name, values }: EngineCall): Promise<EngineReply> {
  try {
    const call = engine[name] as (...values: readonly unknown[]) => Promise<unknown>;
    return { id, result: await call(...values) };
  } catch (error) {
    if (!(error instanceof ElegantError)) console.error(error); // a bug, whose stack is lost in the message
    const failure = error instanceof Error ? error.message : String(error);
    return { id, failure, isInput: error instanceof InputError };
  }
}

// Edits share the model and its tensors, so they must not interleave.
let last: Promise<unknown> = Promise.resolve();
addEventListener("message", ({ data }: MessageEvent<EngineCall>) => {
  last = last.then(async () => postMessage(await answer(data)));
});
