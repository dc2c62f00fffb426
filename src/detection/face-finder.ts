/** Finds faces in the calling thread: in a web page, or in a worker that prepares photos. */
import { Pixels } from "../image/pixels.js";
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";
import type { PhotoDetector } from "./find-faces.js";
import { locateFaces, locateInParts, type PartialPhoto, type PartlyFound } from "./locate.js";
import { type FaceNetworks, openFaceNetworks } from "./networks.js";
import type { DetectedFace, SearchOptions } from "./protocol.js";

export class FaceFinder implements PhotoDetector {
  private constructor(
    private readonly networks: FaceNetworks,
    private readonly pixels: Pixels,
  ) {}

  /**
   * Loads the networks.
   * @param threads number of threads, including the calling one. Only a thread that may wait can have more than one.
   * @throws InputError if weights are missing; RetryableError if there is no memory for them
   */
  static async open(threads: number): Promise<FaceFinder> {
    return new FaceFinder(await openFaceNetworks(threads), new Pixels(await loadModule("image")));
  }

  detect(photo: RgbaImage, options: SearchOptions): Promise<readonly DetectedFace[]> {
    return locateFaces(this.networks, this.pixels, photo, options);
  }

  /** Finds the faces of a large photo without decoding all of it; null if that does not work for this photo. */
  detectInParts(photo: PartialPhoto, options: SearchOptions): Promise<PartlyFound | null> {
    return locateInParts(this.networks, this.pixels, photo, options);
  }

  async close(): Promise<void> {
    await this.networks.close();
  }
}
