/** A grid of two attributes as one picture. Pointing at a place sets both shares. */
import type { RgbaImage } from "../../../types.js";
import { draw, make } from "../dom.js";
import { type Editor, GRID_SIDE } from "../editor.js";
import { nameOf } from "../models.js";
import type { StageView } from "./stage-view.js";

/** Puts cells of one size next to one another, row by row. */
function compose(cells: readonly RgbaImage[], columns: number): RgbaImage {
  const [{ width, height }] = cells;
  const rows = cells.length / columns;
  const data = new Uint8ClampedArray(width * columns * height * rows * 4);
  for (const [i, cell] of cells.entries()) {
    const left = (i % columns) * width;
    const top = Math.floor(i / columns) * height;
    for (let y = 0; y < height; y++) {
      const to = ((top + y) * width * columns + left) * 4;
      data.set(cell.data.subarray(y * width * 4, (y + 1) * width * 4), to);
    }
  }
  return { width: width * columns, height: height * rows, data };
}

export function makeGridView(editor: Editor): StageView {
  const { store } = editor;
  const [across, down] = [make("select"), make("select")];
  const canvas = make("canvas", { role: "slider", tabIndex: 0, ariaLabel: "Both attributes: use the arrow keys" });
  const spot = make("span", { className: "spot", ariaHidden: "true" });
  const text = make("p", { className: "hint" });
  const element = make(
    "div",
    {},
    make("div", { className: "row" }, make("label", {}, "Across ", across), make("label", {}, "Down ", down)),
    make("div", { className: "pad" }, canvas, spot),
    text,
  );
  let drawn: readonly unknown[] = [];

  const share = (attribute: string): number => {
    const edit = store.state.edits.get(attribute);
    return edit === undefined || edit.reference === null ? 0 : edit.share;
  };
  const describe = (): void => {
    const shares = [across, down].map(({ value }) => `${nameOf(value)} ${Math.round(100 * share(value))} %`).join(", ");
    text.textContent = `${shares}. Point at the grid to choose.`;
    canvas.ariaValueText = shares;
    const [left, top] = [across, down].map(({ value }) => (0.5 + share(value) * (GRID_SIDE - 1)) / GRID_SIDE);
    Object.assign(spot.style, { left: `${100 * left}%`, top: `${100 * top}%` });
    canvas.ariaValueNow = String(Math.round(100 * share(across.value)));
  };
  const setShares = (x: number, y: number): void => {
    for (const [attribute, value] of [
      [across.value, x],
      [down.value, y],
    ] as const) {
      const edit = store.state.edits.get(attribute);
      if (edit?.reference == null) editor.chooseReference(attribute, 0);
      editor.setShare(attribute, Math.min(1, Math.max(0, value)));
    }
    describe();
  };
  const point = ({ offsetX, offsetY, buttons, type }: PointerEvent): void => {
    if (type === "pointermove" && buttons === 0) return;
    // The middle of the first cell is 0, that of the last cell is 1.
    const at = (offset: number, extent: number): number => (offset / extent - 0.5 / GRID_SIDE) / (1 - 1 / GRID_SIDE);
    setShares(at(offsetX, canvas.clientWidth), at(offsetY, canvas.clientHeight));
  };
  canvas.addEventListener("pointerdown", point);
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("keydown", (event) => {
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const [x, y] = step.map((each) => each / (GRID_SIDE - 1));
    setShares(share(across.value) + x, share(down.value) + y);
  });
  for (const select of [across, down]) select.addEventListener("change", () => void store.track(redraw));

  const offer = (attributes: readonly string[]): void => {
    const kept = [across.value, down.value];
    for (const [i, select] of [across, down].entries()) {
      select.replaceChildren(...attributes.map((value) => make("option", { value, textContent: nameOf(value) })));
      select.value = attributes.includes(kept[i]) ? kept[i] : attributes[Math.min(i, attributes.length - 1)];
    }
  };
  const redraw = async (): Promise<void> => {
    const { model, photo, face, references, edits } = store.state;
    const names = [...references].filter(([, faces]) => faces.length > 0).map(([name]) => name);
    if (names.length < 2) {
      text.textContent = "Give at least two attributes a reference, and they can be blended here.";
      return;
    }
    if (names.some((name, i) => across.options[i]?.value !== name) || names.length !== across.options.length)
      offer(names);
    // Shares do not change the grid, so moving on it draws nothing again.
    const chosen = [across, down].map(({ value }) => edits.get(value)?.reference ?? 0);
    const inputs = [model, photo, face, references, across.value, down.value, ...chosen];
    describe();
    if (inputs.every((value, i) => value === drawn[i])) return;
    const cells = across.value === down.value ? null : await editor.makeGrid(across.value, down.value);
    if (cells === null) {
      text.textContent = "Choose two different attributes.";
      return;
    }
    drawn = inputs;
    draw(canvas, compose(cells, GRID_SIDE));
    describe();
  };
  return { element, draw: redraw };
}
