/** Types that are used in several folders. */

/** An image of 8-bit samples: rows from the top, four bytes per pixel (R, G, B, A), length width * height * 4. */
export interface RgbaImage {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** [height, width, 4], 0 to 255. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * Five landmarks as x, y pairs in pixels of the image: left eye, right eye, nose, left and right mouth corner (left and
 * right as seen by the viewer). CelebA's list has the same order.
 */
export type FivePoints = readonly (readonly [x: number, y: number])[];

/** A 2x3 affine matrix, row-major [a, b, tx, c, d, ty]: x' = a x + b y + tx, y' = c x + d y + ty. */
export type Affine = readonly [number, number, number, number, number, number];

/** An axis-aligned rectangle in pixels. */
export interface Rectangle {
  /** The left edge. */
  readonly x: number;
  /** The upper edge. */
  readonly y: number;
  /** In pixels, to the right. */
  readonly width: number;
  /** In pixels, downwards. */
  readonly height: number;
}

/** Settings of the Adam optimizer: decay rates of both moments, epsilon, and the factor of the coupled L2 penalty. */
export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Settings of TensorFlow 1's RMSProp: the decay rate of the moment, and epsilon, which is added under the root. */
export interface RmspropSettings {
  readonly decay: number;
  readonly epsilon: number;
}

/** Progress of a long job. */
export interface Progress {
  /** Name of the current stage, such as "Align". */
  readonly stage: string;
  /** Finished items of this stage. */
  readonly done: number;
  /** All items of this stage; null if their number is unknown. */
  readonly total: number | null;
  /** Name of the items, in the plural: "photos". */
  readonly unit: string;
  /** A short addition, such as the current loss. */
  readonly note?: string;
  /** Seconds after which the job ends on its own, finished or not. */
  readonly secondsLeft?: number;
}

/** Receives the progress of a long job. */
export type OnProgress = (progress: Progress) => void;
