/** The actions of the page: each changes the state and, if need be, asks the engines. */
import type { RgbaImage } from "../../types.js";
import type { Engine } from "../protocol.js";
import { readFile, readKept } from "./assets.js";
import { UserError } from "./engine-client.js";
import { type Engines, messageOf } from "./engines.js";
import { type Examples, type ExamplesFile, MODELS, type ModelOffer, nameOf } from "./models.js";
import { readPhoto } from "./read-photo.js";
import {
  activeEdits,
  type Face,
  faceOf,
  type OpenModel,
  type Photo,
  type Reference,
  type Store,
  type View,
} from "./state.js";

/** Crops keep their own pixels where an edit is shown on them. */
const IDENTITY = [1, 0, 0, 0, 1, 0] as const;
/** Number of rows and columns of the grid of two attributes. */
export const GRID_SIDE = 5;

export class Editor {
  readonly store: Store;
  private readonly engines: Engines;
  private readonly examples: ExamplesFile;
  private names = 0;
  private isEditing = false;
  private isStale = false;
  /** Counts photos and models, so that a slow answer about an earlier one is dropped. */
  private turn = 0;

  constructor(store: Store, engines: Engines, examples: ExamplesFile) {
    this.store = store;
    this.engines = engines;
    this.examples = examples;
    engines.onChange = (engine, notice) => store.update({ engine, ...(notice === null ? {} : { notice }) });
    store.update({ engine: engines.facts });
  }

  /** Opens one of the models that come with the page. */
  async chooseModel({ id, title, file, notice }: ModelOffer): Promise<void> {
    await this.attempt(async () => {
      const bytes = await readKept(file, (share) =>
        this.store.update({ status: `Loading the model: ${Math.round(100 * share)} %` }),
      );
      await this.openModel(bytes, { id, title, notice, fileName: file });
    }, `The model “${title}” cannot be loaded. Check the connection and choose it again.`);
  }

  /** Opens a model file of the user's. */
  async openOwnModel(file: File): Promise<void> {
    await this.attempt(async () => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      await this.openModel(bytes, { id: "own", title: file.name, notice: null, fileName: file.name });
    }, `“${file.name}” cannot be opened.`);
  }

  private async openModel(
    bytes: Uint8Array,
    { fileName, ...offer }: Pick<OpenModel, "id" | "title" | "notice"> & { readonly fileName: string },
  ): Promise<void> {
    this.store.update({ status: "Opening the model …" });
    const facts = await this.engines.openModel(bytes, fileName);
    const model = { ...offer, ...facts };
    const { photo } = this.store.state;
    const examples = MODELS.some(({ id }) => id === model.id) ? this.examples[model.id as ModelOffer["id"]] : null;
    const references = new Map<string, readonly Reference[]>();
    for (const attribute of model.attributes) {
      const pictures = examples?.references[attribute] ?? [];
      references.set(attribute, await Promise.all(pictures.map((each) => this.readReference(each))));
    }
    const edits = new Map(model.attributes.map((name) => [name, { reference: null as number | null, share: 1 }]));
    const isOwnPhoto = photo !== null && !photo.isExample;
    if (examples !== null && !isOwnPhoto) {
      edits.set(examples.first.attribute, { reference: examples.first.reference, share: 1 });
    }
    const shown = examples !== null && !isOwnPhoto ? await this.readExample(examples) : photo;
    this.turn++;
    this.store.update({
      model,
      references,
      edits,
      photo: shown,
      face: isOwnPhoto ? this.store.state.face : 0,
      notice: null,
    });
    await this.refresh();
    await this.engines.considerGpu();
  }

  private async readReference({ file, description }: Examples["photo"] | Examples["references"][string][number]) {
    const crop = await this.engines.reader.readPicture(await readFile(`examples/${file}`), file);
    return { name: this.nextName(), description, crop };
  }

  private async readExample({ photo }: Examples): Promise<Photo> {
    const { file, description, matrix, cropSize } = photo;
    const picture = await this.engines.reader.readPicture(await readFile(`examples/${file}`), file);
    const crop = await this.engines.reader.cut(picture, matrix, cropSize);
    const face = { name: this.nextName(), crop, matrix, box: null };
    return { name: description, picture, faces: [face], isExample: true };
  }

  /** Reads a photo and shows its largest face. */
  async openPhoto(file: File): Promise<void> {
    await this.attempt(async () => {
      const photo = await this.findFaces(file);
      this.turn++;
      this.store.update({ photo, face: 0, notice: null, view: "face" });
      await this.refresh();
    }, `“${file.name}” cannot be read.`);
  }

  chooseFace(face: number): void {
    this.turn++;
    this.store.update({ face });
    void this.refresh();
  }

  /** Adds the largest face of a photo to an attribute's references, and chooses it. */
  async addReference(attribute: string, file: File): Promise<void> {
    await this.attempt(async () => {
      const { faces, name } = await this.findFaces(file);
      const added = { name: faces[0].name, description: name, crop: faces[0].crop };
      const references = new Map(this.store.state.references);
      const known = references.get(attribute) ?? [];
      references.set(attribute, [...known, added]);
      this.store.update({ references, notice: null });
      this.chooseReference(attribute, known.length);
    }, `“${file.name}” cannot be read.`);
  }

  /** @param reference position in the attribute's references; null to leave the attribute as it is */
  chooseReference(attribute: string, reference: number | null): void {
    const { share } = this.store.state.edits.get(attribute) ?? { share: 1 };
    this.setEdit(attribute, reference, share === 0 ? 1 : share);
  }

  setShare(attribute: string, share: number): void {
    this.setEdit(attribute, this.store.state.edits.get(attribute)?.reference ?? null, share);
  }

  private setEdit(attribute: string, reference: number | null, share: number): void {
    const edits = new Map(this.store.state.edits).set(attribute, { reference, share });
    this.store.update({ edits, notice: null });
    void this.refresh();
  }

  setView(view: View): void {
    this.store.update({ view });
  }

  /** Removes the notice. */
  dismiss(): void {
    this.store.update({ notice: null });
  }

  /** Edits the face as the state says. While an edit is computed, further calls ask for one more, with the newest state. */
  async refresh(): Promise<void> {
    this.isStale = true;
    if (this.isEditing) return;
    this.isEditing = true;
    try {
      await this.store.track(async () => {
        while (this.isStale) {
          this.isStale = false;
          await this.editOnce();
        }
      });
    } catch (error) {
      this.fail(error, "The edit failed.");
    } finally {
      this.isEditing = false;
    }
  }

  private async editOnce(): Promise<void> {
    const { state } = this.store;
    const face = faceOf(state);
    if (state.model === null || face === null) return;
    const edits = activeEdits(state);
    const shares = edits.map(({ attribute, reference, share }) => ({ attribute, reference: reference.name, share }));
    const { turn } = this;
    const edited = await this.withFaces(
      face,
      edits.map(({ reference }) => reference),
      (engine) => engine.edit(face.name, shares),
    );
    const place = { matrix: IDENTITY, size: face.crop.width };
    const shown = await this.engines.reader.paste(face.crop, place, edited);
    if (turn !== this.turn) return;
    const done = edits.map(({ attribute, share }) => `${nameOf(attribute)} ${Math.round(100 * share)} %`).join(", ");
    const status =
      done === "" ? "No edit: choose a reference." : `${done}. Edited in ${edited.milliseconds.toFixed(0)} ms.`;
    this.store.update({ result: { edited, face: shown }, status });
  }

  /** Gives an engine the faces that the work needs, and runs it. */
  private withFaces<T>(face: Face, references: readonly Reference[], work: (engine: Engine) => Promise<T>): Promise<T> {
    const faces = new Map([face, ...references].map(({ name, crop }): [string, RgbaImage] => [name, crop]));
    return this.engines.withFaces(faces, work);
  }

  /** Pictures of the grid of two attributes, row by row; null if they cannot be made. */
  async makeGrid(across: string, down: string): Promise<readonly RgbaImage[] | null> {
    const { state } = this.store;
    const face = faceOf(state);
    const [first, second] = [across, down].map((name) => chosenReference(state, name));
    if (face === null || first === null || second === null) return null;
    const place = { matrix: IDENTITY, size: face.crop.width };
    return this.withFaces(face, [first, second], async (engine) => {
      const request = (attribute: string, { name }: Reference) => ({ attribute, reference: name, share: 1 });
      const cells = await engine.grid(face.name, [request(across, first), request(down, second)], GRID_SIDE);
      const before = cells[0];
      return Promise.all(
        cells.map((after) => this.engines.reader.paste(face.crop, place, { before, after, milliseconds: 0 })),
      );
    });
  }

  /** The steps of one attribute's exchange; null without a reference. */
  async makeSteps(attribute: string) {
    const { state } = this.store;
    const face = faceOf(state);
    const reference = chosenReference(state, attribute);
    if (face === null || reference === null) return null;
    const request = { attribute, reference: reference.name, share: 1 };
    const steps = await this.withFaces(face, [reference], (engine) => engine.explain(face.name, request));
    return { face, reference, steps };
  }

  /** The whole photo with the edit in it. */
  async pasteBack(): Promise<RgbaImage | null> {
    const { state } = this.store;
    const face = faceOf(state);
    if (state.photo === null || face === null || state.result === null) return null;
    const place = { matrix: face.matrix, size: face.crop.width };
    return this.engines.reader.paste(state.photo.picture, place, state.result.edited);
  }

  /** A PNG file of the shown picture, with the edit in its metadata. */
  async makeFile(picture: RgbaImage): Promise<Uint8Array> {
    const { state } = this.store;
    const edits = activeEdits(state).map(({ attribute, reference, share }) => ({
      attribute,
      reference: reference.description,
      share,
    }));
    const record = { model: state.model?.title, size: state.model?.size, edits, device: state.engine?.description };
    return this.engines.reader.encodePng(picture, {
      Software: "elegant-faces",
      Comment: "Edited by a neural network.",
      "elegant-edit": JSON.stringify(record),
    });
  }

  /** Loads what photos need, so that the page works without a connection from then on. */
  async prepare(): Promise<void> {
    await this.engines.reader.prepare().catch((error: unknown) => console.info(String(error)));
  }

  private async findFaces(file: File): Promise<Photo> {
    this.store.update({ status: "Looking for faces …", notice: null });
    return readPhoto(this.engines.reader, file, () => this.nextName());
  }

  /** Names a face in the engines. */
  private nextName(): string {
    return `face ${this.names++}`;
  }

  /** Runs an action, and shows a failure. @param otherwise what to say if the failure has no words for the user */
  private async attempt(action: () => Promise<void>, otherwise: string): Promise<void> {
    const { status } = this.store.state;
    try {
      await this.store.track(action);
    } catch (error) {
      this.fail(error, otherwise);
      this.store.update({ status });
    }
  }

  private fail(error: unknown, otherwise: string): void {
    const words = messageOf(error);
    console.error(error);
    const isMemory = /memory|allocat/i.test(words);
    const remedy = isMemory ? "There is too little memory. Close other tabs, or use a smaller photo." : otherwise;
    this.store.update({ notice: error instanceof UserError ? words : remedy });
  }
}

/** The chosen reference of an attribute, or its first one; null if it has none. */
export function chosenReference({ edits, references }: Store["state"], attribute: string): Reference | null {
  return references.get(attribute)?.[edits.get(attribute)?.reference ?? 0] ?? null;
}
