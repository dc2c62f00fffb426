/** The buttons below the picture: compare and download. */
import { make } from "../dom.js";
import type { Editor } from "../editor.js";
import { activeEdits } from "../state.js";
import type { PictureView } from "./stage-view.js";

export function mountActions(
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
