/** A card for each attribute: the references to choose from, and how far to go. */
import { fileButton, make, pictureOf } from "../dom.js";
import type { Editor } from "../editor.js";
import { nameOf } from "../models.js";
import type { Reference } from "../state.js";
import { PHOTO_TYPES } from "./photo.js";

export function mountAttributes(root: HTMLElement, editor: Editor): void {
  const cards = make("div");
  root.append(
    make("h2", { id: "attributes-title", textContent: "Attributes" }),
    make("p", {
      className: "hint",
      textContent: "Each attribute is taken from another face: its glasses, its bangs. A face without it removes it.",
    }),
    cards,
  );
  editor.store.watch(
    ({ references }) => [references],
    (references) => {
      cards.replaceChildren(...[...references].map(([name, faces]) => makeCard(editor, name, faces)));
      // Changes of the chosen reference or of the share do not replace the cards, so that the focus stays.
    },
  );
  editor.store.watch(
    ({ edits, references }) => [edits, references],
    (edits, _references) => {
      for (const [attribute, { reference, share }] of edits) {
        const card = cards.querySelector(`[data-attribute="${CSS.escape(attribute)}"]`);
        const slider = card?.querySelector<HTMLInputElement>("input[type=range]");
        const output = card?.querySelector("output");
        if (card == null || slider == null || output == null) continue;
        for (const input of card.querySelectorAll<HTMLInputElement>("input[type=radio]")) {
          input.checked = input.value === String(reference ?? "none");
        }
        slider.disabled = reference === null;
        if (Number(slider.value) !== Math.round(100 * share)) slider.value = String(Math.round(100 * share));
        output.textContent = reference === null ? "" : `${Math.round(100 * share)} %`;
      }
    },
  );
}

function makeCard(editor: Editor, attribute: string, references: readonly Reference[]): HTMLElement {
  const title = nameOf(attribute);
  const choice = (value: number | null, picture: HTMLElement, label: string): HTMLElement => {
    const input = make("input", {
      type: "radio",
      name: `reference-${attribute}`,
      value: String(value ?? "none"),
      ariaLabel: `${title}: ${label}`,
      title: label,
    });
    input.addEventListener("change", () => editor.chooseReference(attribute, value));
    return make("label", { className: "choice", title: label }, input, picture);
  };
  const none = choice(null, make("span", { className: "none", textContent: "as it is" }), "leave as it is");
  const faces = references.map(({ crop, description }, i) => choice(i, pictureOf(crop, description), description));
  const slider = make("input", { type: "range", min: "0", max: "100", step: "1", ariaLabel: `${title}: how far` });
  slider.addEventListener("input", () => editor.setShare(attribute, Number(slider.value) / 100));
  const card = make(
    "fieldset",
    {},
    make("legend", { textContent: title }),
    make("div", { className: "choices" }, none, ...faces),
    make("div", { className: "slider" }, slider, make("output")),
    fileButton("From your own photo", PHOTO_TYPES, (file) => void editor.addReference(attribute, file)),
  );
  card.dataset.attribute = attribute;
  return card;
}
