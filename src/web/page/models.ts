/** The models that the page offers, and the pictures that come with each of them. */
import type { Affine } from "../../types.js";

export interface ModelOffer {
  readonly id: "painted" | "celeba-hq";
  readonly title: string;
  readonly file: string;
  /** A notice for the user about the model's licence; null if the package's licence covers it. */
  readonly notice: string | null;
}

export const MODELS: readonly ModelOffer[] = [
  { id: "painted", title: "Painted faces", file: "models/painted-64.safetensors", notice: null },
  {
    id: "celeba-hq",
    title: "Photos of people",
    file: "models/celeba-hq-64.safetensors",
    notice:
      "This model was trained on CelebA-HQ, for non-commercial research only. The MIT licence of elegant-faces does not cover it.",
  },
];

/** A picture that comes with a model. */
export interface ExamplePicture {
  readonly file: string;
  /** A short description of the face, also read by screen readers. */
  readonly description: string;
}

/** examples/examples.json: what the page shows before the user has given anything. */
export interface Examples {
  /** A photo with a face whose place is known. */
  readonly photo: ExamplePicture & { readonly matrix: Affine; readonly cropSize: number };
  /** Aligned faces for each attribute, by the attribute's name. */
  readonly references: Readonly<Record<string, readonly ExamplePicture[]>>;
  /** The first edit. */
  readonly first: { readonly attribute: string; readonly reference: number };
}

export type ExamplesFile = Readonly<Record<ModelOffer["id"], Examples>>;

/** Names of attributes on the page. Other attributes keep their own names. */
export const ATTRIBUTE_NAMES: Readonly<Record<string, string>> = {
  Eyeglasses: "Glasses",
  Bangs: "Bangs",
  Smiling: "Smile",
  Mustache: "Mustache",
};

/** An attribute's name for people. */
export function nameOf(attribute: string): string {
  return ATTRIBUTE_NAMES[attribute] ?? attribute.replaceAll("_", " ");
}
