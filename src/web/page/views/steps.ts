/** Shows how an exchange works, with the user's own face: slices of the latents, mask, change, result. */
import type { RgbaImage } from "../../../types.js";
import { make, pictureOf } from "../dom.js";
import type { Editor } from "../editor.js";
import { nameOf } from "../models.js";
import { activeEdits } from "../state.js";
import type { StageView } from "./stage-view.js";

export function makeStepsView(editor: Editor): StageView {
  const steps = make("div", { className: "steps" });
  const text = make("p", { className: "hint" });
  const element = make("div", {}, steps, text);
  const figure = (title: string, picture: RgbaImage | null | undefined): HTMLElement | null =>
    picture == null ? null : make("figure", {}, pictureOf(picture, title), make("figcaption", { textContent: title }));
  return {
    element,
    async draw() {
      const [edit] = activeEdits(editor.store.state);
      const made = edit === undefined ? null : await editor.makeSteps(edit.attribute);
      if (edit === undefined || made === null) {
        steps.replaceChildren();
        text.textContent = "Choose a reference for an attribute, and its exchange is shown here.";
        return;
      }
      const name = nameOf(edit.attribute);
      const { ownSlice, referenceSlice, mask, change, before, after } = made.steps;
      const figures = [
        figure("1. The face, as the network sees it", before),
        figure("2. The reference", made.reference.crop),
        figure(`3. “${name}” in the face's latent`, ownSlice),
        figure(`4. “${name}” in the reference's latent, which takes its place`, referenceSlice),
        figure("5. Where the network may change the picture", mask),
        figure("6. The change (grey: unchanged)", change),
        figure("7. The result", after),
      ];
      steps.replaceChildren(...figures.filter((each) => each !== null));
      text.textContent =
        "An encoder turns each face into a latent, a small block of numbers. Every attribute has its own slice of it. " +
        "The slices of one attribute change places, and a decoder computes what that changes in the picture.";
    },
  };
}
