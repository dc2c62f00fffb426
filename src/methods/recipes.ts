/** The recipes of all methods, by the methods' names. Loads no TensorFlow.js. */
import { CYCLEGAN_RECIPES } from "./cyclegan/recipe.js";
import { DNAGAN_RECIPES } from "./dnagan/recipe.js";
import { ELEGANT_RECIPES } from "./elegant/recipe.js";
import type { RecipeBook } from "./recipe.js";
import { STARGAN_RECIPES } from "./stargan/recipe.js";
import { UNIT_RECIPES } from "./unit/recipe.js";

const BOOKS: readonly RecipeBook[] = [ELEGANT_RECIPES, UNIT_RECIPES, CYCLEGAN_RECIPES, STARGAN_RECIPES, DNAGAN_RECIPES];

/** The methods' names, ELEGANT first. */
export const METHOD_NAMES: readonly string[] = BOOKS.map(({ method }) => method);

/** Returns a method's recipes; an unknown name is a bug in elegant-faces. */
export function recipesOf(method: string): RecipeBook {
  const found = BOOKS.find((book) => book.method === method);
  if (found === undefined) throw new Error(`recipes: no '${method}'`);
  return found;
}
