/** The interface of the stage's views, and the views that show one picture. */
import type { RgbaImage } from "../../../types.js";
import { draw, make } from "../dom.js";

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

export interface PictureView extends StageView {
  /** The pictures on the screen; null before the first one. */
  shown(): Comparison | null;
  /** Shows the picture before the edit while it is held. */
  hold(isHeld: boolean): void;
}

/** Makes a view that shows a picture, and the one before the edit while the user holds it. */
export function makePictureView(description: string, find: () => Promise<Comparison | null>): PictureView {
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
