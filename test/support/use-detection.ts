/** The networks of detection on painted faces, opened before the tests of the enclosing describe() and closed after them. */
import { FaceDescriptors } from "../../src/detection/descriptors.js";
import { FaceDetector } from "../../src/detection/detector.js";
import { type FaceNetworks, openFaceNetworks } from "../../src/detection/networks.js";
import { Pixels, wholeOf } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import { loadPainter, renderAligned, renderPhoto } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import type { RgbaImage } from "../../src/types.js";

const FACES = [0, 1];

/** Loads the painter and opens what is tested before the tests, and closes it after them. @returns its accessor */
function useOpened<T extends { close(): unknown }>(open: () => Promise<T>): () => T {
  let opened: T;
  before(async () => {
    await loadPainter();
    opened = await open();
  });
  after(() => opened.close());
  return () => opened;
}

/** Opens a detector on two threads. @returns its accessor */
export const useDetector = (): (() => FaceDetector) => useOpened(() => FaceDetector.open(2));

/** Opens the network of descriptors on two threads. @returns its accessor */
export const useDescriptors = (): (() => FaceDescriptors) => useOpened(() => FaceDescriptors.open(2));

/** A painted face, about where aligned crops have it. */
export function painted(index: number, size: number): RgbaImage {
  return renderAligned(sampleFace(5, index), [0.3, 0, -25, 0, 0.3, -12], size);
}

/** Opens the networks on one thread and on two. @returns their accessor, and painted photos with this side in pixels */
export function useNetworks() {
  let pixels: Pixels;
  let teams: readonly FaceNetworks[];

  before(async () => {
    await loadPainter();
    pixels = new Pixels(await loadModule("image"));
    teams = await Promise.all([1, 2].map(openFaceNetworks));
  });

  after(() => Promise.all(teams.map((networks) => networks.close())));

  /** Painted photos, stretched to a square, which needs no padding. */
  const squares = (side: number): RgbaImage[] =>
    FACES.map((i) => renderPhoto(sampleFace(1, i))).map((photo) => pixels.resize(photo, wholeOf(photo), side, side));

  return { teams: (): readonly FaceNetworks[] => teams, squares };
}
