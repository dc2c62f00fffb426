/** Chooses the photo: by a dialog, by dropping or pasting a file, or from the camera; and one of its faces. */
import { openCamera } from "../camera.js";
import { fileButton, make, pictureOf } from "../dom.js";
import type { Editor } from "../editor.js";

/** Types of files that the file dialog offers. The decoders recognise formats by their bytes. */
export const PHOTO_TYPES = "image/jpeg,image/png,image/webp,image/avif,image/gif,image/bmp,image/tiff";

export function mountPhoto(root: HTMLElement, editor: Editor): void {
  const faces = make("div");
  const camera = make("button", { type: "button", textContent: "Take a photo" });
  camera.addEventListener("click", () => openCamera((file) => editor.openPhoto(file)));
  camera.hidden = navigator.mediaDevices === undefined; // pages without https have no camera
  const drop = make(
    "div",
    { className: "drop" },
    make(
      "div",
      { className: "row" },
      fileButton("Choose a photo", PHOTO_TYPES, (file) => void editor.openPhoto(file)),
      camera,
    ),
    make("p", { className: "hint", textContent: "Or drop a photo on this page, or paste one." }),
  );
  root.append(make("h2", { id: "photo-title", textContent: "Photo" }), drop, faces);
  acceptFiles(drop, editor);
  editor.store.watch(
    ({ photo, face }) => [photo, face],
    (photo, chosen) => {
      faces.replaceChildren();
      if (photo === null) return;
      const name = photo.isExample ? `Example: ${photo.name}` : photo.name;
      faces.append(make("p", { className: "hint", textContent: name }));
      if (photo.faces.length < 2) return;
      const choices = photo.faces.map(({ crop }, i) => {
        const input = make("input", { type: "radio", name: "face", checked: i === chosen, ariaLabel: `Face ${i + 1}` });
        input.addEventListener("change", () => editor.chooseFace(i));
        return make("label", { className: "choice" }, input, pictureOf(crop, `Face ${i + 1}`));
      });
      const title = make("legend", { textContent: `${photo.faces.length} faces: choose one` });
      faces.append(make("fieldset", {}, title, make("div", { className: "choices" }, ...choices)));
    },
  );
}

/** Photos may be dropped anywhere on the page, and pasted from the clipboard. */
function acceptFiles(drop: HTMLElement, editor: Editor): void {
  const openFirst = (files: FileList | undefined): boolean => {
    const file = files?.[0];
    if (file === undefined) return false;
    void (file.name.endsWith(".safetensors") ? editor.openOwnModel(file) : editor.openPhoto(file));
    return true;
  };
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    openFirst(event.dataTransfer?.files);
  });
  document.addEventListener("paste", (event) => {
    if (openFirst(event.clipboardData?.files)) event.preventDefault();
  });
}
