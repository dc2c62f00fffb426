/**
 * What a method lets its users choose: the presets, and every choice by its name with the values that it takes. This file
 * holds types only, and no recipe loads TensorFlow.js.
 */
import type { z } from "zod";

export type Choices = Readonly<Record<string, unknown>>;

/** All choices of a run, apart from its size, width, attributes, batch and seed. */
export interface Recipe {
  /** The choices that make the networks. They are part of the model's configuration. */
  readonly network: Choices;
  /** The choices of the training. They are part of the run's settings. */
  readonly method: Choices;
}

/** A method's choices, and what it uses where the user chooses nothing. */
export interface RecipeBook {
  /** The method's name. */
  readonly method: string;
  readonly network: z.ZodObject;
  readonly training: z.ZodObject;
  /** All choices of each preset. The first preset is the default. */
  readonly presets: Readonly<Record<string, Recipe>>;
  /** Whether a model has one attribute only, so that several attributes need as many models. */
  readonly isPerAttribute: boolean;
  /** The width of the published networks. */
  readonly width: number;
  /** Pairs per update: as many images as the published code takes. */
  readonly batch: number;
  /** The preset whose training fits a model that was imported with these networks. */
  presetOf(network: Choices): string;
  /**
   * Refuses choices that contradict each other or have no effect together, because a run's configuration should
   * describe the run.
   * @throws InputError that names the first one and says what to set instead
   */
  expectSense(recipe: Recipe): void;
}
