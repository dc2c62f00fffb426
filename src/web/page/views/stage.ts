/** Shows the result: the face, the whole photo, a grid of two attributes, or the steps of the exchange. */
import type { Editor } from "../editor.js";
import { faceOf, type View } from "../state.js";
import { mountActions } from "./actions.js";
import { makeGridView } from "./grid.js";
import { makePictureView, type StageView } from "./stage-view.js";
import { makeStepsView } from "./steps.js";
import { mountTabs } from "./tabs.js";

export function mountStage(
  root: { views: HTMLElement; view: HTMLElement; actions: HTMLElement },
  editor: Editor,
): void {
  const { store } = editor;
  const face = makePictureView("The edited face", async () => {
    const { result } = store.state;
    const before = faceOf(store.state)?.crop;
    return result === null || before === undefined ? null : { before, after: result.face };
  });
  const photo = makePictureView("The photo with the edit", async () => {
    const after = await editor.pasteBack();
    const before = store.state.photo?.picture;
    return after === null || before === undefined ? null : { before, after };
  });
  const views: Readonly<Record<View, StageView>> = {
    face,
    photo,
    grid: makeGridView(editor),
    steps: makeStepsView(editor),
  };
  mountTabs(root.views, editor);
  mountActions(root.actions, editor, { face, photo });
  store.watch(
    ({ view }) => [view],
    (view) => root.view.replaceChildren(views[view].element),
  );
  let isDrawing = false;
  let isStale = false;
  const drawNewest = async (): Promise<void> => {
    isStale = true;
    if (isDrawing) return;
    isDrawing = true;
    try {
      await store.track(async () => {
        while (isStale) {
          isStale = false;
          await views[store.state.view].draw();
        }
      });
    } catch (error) {
      console.error(error);
      store.update({ notice: "The picture cannot be drawn. Choose the photo again." });
    } finally {
      isDrawing = false;
    }
  };
  store.watch(
    ({ view, result }) => [view, result],
    (_view, _result) => void drawNewest(),
  );
}
