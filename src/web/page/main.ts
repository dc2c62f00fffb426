/** Starts the page. */
import { readFile } from "./assets.js";
import { byId, make } from "./dom.js";
import { Editor } from "./editor.js";
import { Engines, type EngineWishes } from "./engines.js";
import { type ExamplesFile, MODELS } from "./models.js";
import { Store } from "./state.js";
import { mountAttributes } from "./views/attributes.js";
import { mountModel } from "./views/model.js";
import { mountPhoto } from "./views/photo.js";
import { mountStage } from "./views/stage.js";

/** Largest number of threads. More hardly help a model of this size, and each takes memory. */
const MOST_THREADS = 8;

/** Wishes in the page's address, for tests and for finding faults: ?device=wasm, ?threads=1, ?simd=plain. */
function readWishes(): EngineWishes {
  const query = new URLSearchParams(location.search);
  const device = query.get("device");
  const threads = Math.min(MOST_THREADS, navigator.hardwareConcurrency);
  return {
    device: device === "wasm" || device === "webgpu" ? device : null,
    threads: Math.max(1, Number(query.get("threads") ?? threads) || threads),
    simd: query.get("simd") === "plain" ? "plain" : null,
  };
}

function mountMessages(store: Store): void {
  store.watch(
    (state) => [state.pending > 0],
    (isBusy) => {
      byId("view").ariaBusy = String(isBusy);
      document.body.toggleAttribute("data-busy", isBusy);
    },
  );
  const notice = byId("notice");
  store.watch(
    (state) => [state.notice],
    (text) => {
      notice.replaceChildren(...(text === null ? [] : [make("p", { textContent: text })]));
    },
  );
  store.watch(
    (state) => [state.status],
    (text) => {
      byId("status").textContent = text;
    },
  );
  store.watch(
    (state) => [state.engine],
    (engine) => {
      byId("engine").textContent = engine === null ? "" : `This page computes with ${engine.description}.`;
    },
  );
}

const store = new Store();
mountMessages(store);
try {
  const [engines, examples] = await Promise.all([
    Engines.start(readWishes()),
    readFile("examples/examples.json").then((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as ExamplesFile),
  ]);
  const editor = new Editor(store, engines, examples);
  mountPhoto(byId("photo"), editor);
  mountModel(byId("model"), editor);
  mountAttributes(byId("attributes"), editor);
  mountStage({ views: byId("views"), view: byId("view"), actions: byId("actions") }, editor);
  await editor.chooseModel(MODELS[0]);
  await editor.prepare();
  document.body.dataset.ready = "true";
} catch (error) {
  console.error(error);
  store.update({
    status: "",
    notice: "This browser cannot run the page: it needs WebAssembly with SIMD. Use a newer one.",
  });
}
