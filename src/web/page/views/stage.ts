/** Shows the result: the face, the whole photo, a grid of two attributes, or the steps of the exchange. */
import type { RgbaImage } from "../../../types.js";
import { draw, make } from "../dom.js";
import type { Editor } from "../editor.js";
import { activeEdits, faceOf, VIEWS, type View } from "../state.js";
import { makeGridView } from "./grid.js";
import { makeStepsView } from "./steps.js";

const TITLES: Readonly<Record<View, string>> = {
  face: "Face",
  photo: "Whole photo",
  grid: "Grid of two",
  steps: "How it works",
};

/** One of the views. It is drawn while it is shown. */
export interface StageView {
  readonly element: HTMLElement;
  /** Draws the state again. Called when the view is opened and after each edit. */
  draw(): Promise<void>;
}

/** A view of one picture before and after. */
export interface Comparison {
  readonly before: RgbaImage;
  readonly after: RgbaImage;
}

/** A view that shows a picture, and the one before the edit while the user holds it. */
function makePictureView(
  description: string,
  find: () => Promise<Comparison | null>,
): StageView & { readonly shown: () => Comparison | null; hold(isHeld: boolean): void } {
  const canvas = make("canvas", { role: "img", ariaLabel: description });
  let shown: Comparison | null = null;
  const hold = (isHeld: boolean): void => {
    if (shown !== null) draw(canvas, isHeld ? shown.before : shown.after);
    canvas.dataset.shows = isHeld ? "before" : "after";
  };
  canvas.addEventListener("pointerdown", () => hold(true));
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) canvas.addEventListener(end, () => hold(false));
  return {
    element: canvas,
    shown: () => shown,
    hold,
    async draw() {
      shown = await find();
      hold(false);
    },
  };
}

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
      while (isStale) {
        isStale = false;
        await views[store.state.view].draw();
      }
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

/** Tabs as the ARIA practices describe them: arrow keys move, and one tab is in the tab order. */
function mountTabs(root: HTMLElement, editor: Editor): void {
  const tabs = VIEWS.map((view) => {
    const tab = make("button", { type: "button", role: "tab", textContent: TITLES[view], id: `tab-${view}` });
    tab.setAttribute("aria-controls", "view");
    tab.addEventListener("click", () => editor.setView(view));
    tab.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step === undefined) return;
      const next = (VIEWS.indexOf(view) + step + VIEWS.length) % VIEWS.length;
      editor.setView(VIEWS[next]);
      tabs[next].focus();
    });
    return tab;
  });
  root.append(...tabs);
  editor.store.watch(
    ({ view }) => [view],
    (view) => {
      for (const [i, tab] of tabs.entries()) {
        const isShown = VIEWS[i] === view;
        tab.ariaSelected = String(isShown);
        tab.tabIndex = isShown ? 0 : -1;
      }
    },
  );
}

type PictureView = ReturnType<typeof makePictureView>;

function mountActions(
  root: HTMLElement,
  editor: Editor,
  pictures: { readonly face: PictureView; readonly photo: PictureView },
): void {
  const { store } = editor;
  const shown = (): PictureView | null => {
    const { view } = store.state;
    return view === "face" || view === "photo" ? pictures[view] : null;
  };
  const compare = make("button", { type: "button", textContent: "Hold to see the original" });
  const hold = (isHeld: boolean): void => {
    compare.ariaPressed = String(isHeld);
    shown()?.hold(isHeld);
  };
  compare.addEventListener("pointerdown", () => hold(true));
  for (const end of ["pointerup", "pointerleave", "blur"]) compare.addEventListener(end, () => hold(false));
  compare.addEventListener("keydown", ({ key }) => (key === " " || key === "Enter") && hold(true));
  compare.addEventListener("keyup", () => hold(false));
  const download = make("button", { type: "button", className: "main", textContent: "Download PNG" });
  download.addEventListener("click", async () => {
    const picture = shown()?.shown()?.after;
    if (picture === undefined) return;
    save(await editor.makeFile(picture), `${fileStem(editor)}.png`);
  });
  root.append(make("div", { className: "row" }, compare, download));
  store.watch(
    ({ view, result }) => [view, result],
    (view, result) => {
      root.hidden = view !== "face" && view !== "photo";
      compare.disabled = download.disabled = result === null;
    },
  );
}

/** The photo's name with the edits: "party-Bangs". */
function fileStem({ store: { state } }: Editor): string {
  const stem = state.photo === null || state.photo.isExample ? "face" : state.photo.name.replace(/\.[^.]*$/, "");
  return [stem, ...activeEdits(state).map(({ attribute }) => attribute)].join("-");
}

function save(bytes: Uint8Array, name: string): void {
  const url = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // the browser has read it by then
}
