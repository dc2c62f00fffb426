/** Takes a photo with the camera, after the browser has asked the user. */
import { make } from "./dom.js";

/** Opens a dialog with the camera's picture. @param onPhoto receives the photo; it is not called if the user cancels */
export async function openCamera(onPhoto: (file: File) => void): Promise<void> {
  const video = make("video", { autoplay: true, muted: true, playsInline: true });
  const take = make("button", { type: "button", className: "main", textContent: "Take the photo", disabled: true });
  const cancel = make("button", { type: "button", textContent: "Cancel" });
  const message = make("p", {
    className: "hint",
    textContent: "Your browser asks whether this page may use the camera.",
  });
  const dialog = make(
    "dialog",
    { ariaLabel: "Take a photo" },
    video,
    message,
    make("div", { className: "row" }, take, cancel),
  );
  document.body.append(dialog);
  let stream: MediaStream | null = null;
  dialog.addEventListener("close", () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    dialog.remove();
  });
  cancel.addEventListener("click", () => dialog.close());
  take.addEventListener("click", async () => {
    const file = await snapshot(video);
    dialog.close();
    if (file !== null) onPhoto(file);
  });
  dialog.showModal();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
    if (!dialog.open) {
      for (const track of stream.getTracks()) track.stop(); // the user cancelled before the camera answered
      return;
    }
    video.addEventListener("loadeddata", () => {
      take.disabled = false;
      message.textContent = "Look straight into the camera.";
    });
    video.srcObject = stream;
  } catch {
    message.textContent = "The camera cannot be used. Allow it for this page, or choose a photo instead.";
  }
}

async function snapshot(video: HTMLVideoElement): Promise<File | null> {
  const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  return blob === null ? null : new File([blob], "camera.png", { type: blob.type });
}
