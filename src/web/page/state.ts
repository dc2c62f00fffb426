/** Everything that the page shows. Only the editor changes it; views read it and call the editor. */
import type { Affine, Rectangle, RgbaImage } from "../../types.js";
import type { EditedFace, EngineFacts, ModelFacts } from "../protocol.js";

export const VIEWS = ["face", "photo", "grid", "steps"] as const;
export type View = (typeof VIEWS)[number];

export interface Face {
  /** Names the face in the engines. */
  readonly name: string;
  readonly crop: RgbaImage;
  /** Photo -> crop. */
  readonly matrix: Affine;
  /** Around the face in the photo; null for a picture that is a crop already. */
  readonly box: Rectangle | null;
}

export interface Photo {
  readonly name: string;
  readonly picture: RgbaImage;
  readonly faces: readonly Face[];
  /** True for the picture that comes with the model. */
  readonly isExample: boolean;
}

export interface Reference {
  /** Names the face in the engines. */
  readonly name: string;
  readonly description: string;
  readonly crop: RgbaImage;
}

export interface AttributeEdit {
  /** Position in the attribute's references; null for no edit. */
  readonly reference: number | null;
  /** From 0 to 1. */
  readonly share: number;
}

export interface OpenModel extends ModelFacts {
  /** The offer's id, or "own" for a file of the user's. */
  readonly id: string;
  readonly title: string;
  readonly notice: string | null;
}

/** A finished edit, as it is shown. */
export interface Result {
  readonly edited: EditedFace;
  /** The crop with the change of the edit in it, as large as the crop. */
  readonly face: RgbaImage;
}

export interface State {
  readonly engine: EngineFacts | null;
  readonly model: OpenModel | null;
  readonly photo: Photo | null;
  /** Position of the edited face in the photo. */
  readonly face: number;
  /** By attribute, in the model's order. */
  readonly references: ReadonlyMap<string, readonly Reference[]>;
  readonly edits: ReadonlyMap<string, AttributeEdit>;
  readonly result: Result | null;
  readonly view: View;
  /** Number of actions that are computed at the moment. */
  readonly pending: number;
  /** A line about the work in progress, or about the last edit. */
  readonly status: string;
  /** A failure that the user can act on, or a notice; null if there is none. */
  readonly notice: string | null;
}

export const FIRST_STATE: State = {
  engine: null,
  model: null,
  photo: null,
  face: 0,
  references: new Map(),
  edits: new Map(),
  result: null,
  view: "face",
  pending: 0,
  status: "Loading …",
  notice: null,
};

/** Holds the state. When a part of it changes, calls the watchers of that part. */
export class Store {
  private current = FIRST_STATE;
  private readonly watchers: (() => void)[] = [];

  get state(): State {
    return this.current;
  }

  update(change: Partial<State>): void {
    this.current = { ...this.current, ...change };
    for (const watcher of this.watchers) watcher();
  }

  /** Counts an action as pending until it ends. */
  async track<T>(action: () => Promise<T>): Promise<T> {
    this.update({ pending: this.current.pending + 1 });
    try {
      return await action();
    } finally {
      this.update({ pending: this.current.pending - 1 });
    }
  }

  /** Draws now, and whenever one of the selected values is another one. */
  watch<Selected extends unknown[]>(
    select: (state: State) => [...Selected],
    draw: (...values: Selected) => void,
  ): void {
    let last: [...Selected] | null = null;
    const check = (): void => {
      const values = select(this.current);
      if (last !== null && values.every((value, i) => value === last?.[i])) return;
      last = values;
      draw(...values);
    };
    this.watchers.push(check);
    check();
  }
}

/** The edited face; null before there is a photo. */
export function faceOf({ photo, face }: State): Face | null {
  return photo?.faces[face] ?? null;
}

/** The edits that change something, in the model's order. */
export function activeEdits({ edits, references }: State) {
  return [...edits].flatMap(([attribute, { reference, share }]) => {
    const chosen = reference === null ? undefined : references.get(attribute)?.[reference];
    return chosen === undefined || share === 0 ? [] : [{ attribute, reference: chosen, share }];
  });
}
