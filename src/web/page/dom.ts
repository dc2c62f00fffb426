/** Small helpers that make elements and draw pictures. */
import type { RgbaImage } from "../../types.js";

type Child = Node | string | null;

/** Makes an element with properties and children. Null children are left out. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The element of the page with this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`page: no #${id}`);
  return found;
}

/** The picture on each canvas. */
const shown = new WeakMap<HTMLCanvasElement, RgbaImage>();

/** Draws a picture on a canvas of its size. The browser may empty it when the GPU fails; it is then drawn again. */
export function draw(canvas: HTMLCanvasElement, picture: RgbaImage): void {
  if (!shown.has(canvas)) {
    canvas.addEventListener("contextrestored", () => paint(canvas, shown.get(canvas) ?? picture));
  }
  shown.set(canvas, picture);
  paint(canvas, picture);
}

function paint(canvas: HTMLCanvasElement, { width, height, data }: RgbaImage): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pixels = new ImageData(new Uint8ClampedArray(data), width, height);
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
}

/** A canvas with a picture, described for screen readers. */
export function pictureOf(picture: RgbaImage, description: string): HTMLCanvasElement {
  const canvas = make("canvas", { role: "img", ariaLabel: description });
  draw(canvas, picture);
  return canvas;
}

/** A button that looks like the others and opens the system's file dialog. */
export function fileButton(text: string, accept: string, onFile: (file: File) => void): HTMLLabelElement {
  const input = make("input", { type: "file", accept });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = ""; // so that the same file can be chosen again
    if (file !== undefined) onFile(file);
  });
  return make("label", { className: "button" }, text, input);
}
