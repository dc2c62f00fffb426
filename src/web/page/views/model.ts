/** Chooses the model: one of those that come with the page, or the user's own. */
import { fileButton, make } from "../dom.js";
import type { Editor } from "../editor.js";
import { MODELS } from "../models.js";

export function mountModel(root: HTMLElement, editor: Editor): void {
  const select = make("select", { ariaLabel: "Model" });
  const about = make("p", { className: "hint" });
  select.addEventListener("change", () => {
    const offer = MODELS.find(({ id }) => id === select.value);
    if (offer !== undefined) void editor.chooseModel(offer);
  });
  root.append(
    make("h2", { id: "model-title", textContent: "Model" }),
    make(
      "div",
      { className: "row" },
      select,
      fileButton("Open your own", ".safetensors", (file) => void editor.openOwnModel(file)),
    ),
    about,
  );
  editor.store.watch(
    ({ model }) => [model],
    (model) => {
      const options = MODELS.map(({ id, title }) => make("option", { value: id, textContent: title }));
      if (model?.id === "own") options.push(make("option", { value: "own", textContent: model.title }));
      select.replaceChildren(...options);
      if (model === null) return;
      select.value = model.id;
      const size = `It edits faces at ${model.size} x ${model.size} pixels; the change is added to your photo at its own size.`;
      about.textContent = model.notice === null ? size : `${model.notice} ${size}`;
    },
  );
}
