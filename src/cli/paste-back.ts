/** `elegant swap --paste-back`: pastes edited faces back into their photos. */
import { join } from "node:path";
import type { PlacedFace } from "../detection/placed-face.js";
import { InputError } from "../errors.js";
import type { RgbaImage } from "../types.js";
import type { CommandContext } from "./command.js";
import { checkOutputs, millisecondsSince, nameOutputs, refuseExisting, withEditor } from "./editing.js";
import type { SwapCommand } from "./swap-options.js";

interface Failure {
  readonly file: string;
  readonly reason: string;
}

/** Works like runSwap(), for faces in photos. An input whose face is not found is a failure; the other inputs continue. */
export async function runPasteBack(
  options: SwapCommand,
  references: readonly string[],
  context: CommandContext,
): Promise<void> {
  const { FaceReader, groupByPhoto, pasteIntoPhoto } = await import("../detection/placed-face.js");
  const { writePicture } = await import("../image/picture-files.js");
  const { attribute: attributes, out } = options;
  const faces: PlacedFace[] = [];
  const others: RgbaImage[] = [];
  const failures: Failure[] = [];
  const note = (file: string, error: unknown): void => {
    if (!(error instanceof InputError)) throw error;
    failures.push({ file, reason: error.message });
  };
  const reader = new FaceReader(options.workers, options.minScore);
  try {
    for (const path of references) others.push(await reader.readReference(path));
    for (const input of new Set(options.input)) {
      await reader.read(input).then(
        (face) => faces.push(face),
        (error: unknown) => note(input, error),
      );
    }
  } finally {
    await reader.close();
  }
  const allReasons = (): InputError => new InputError(failures.map(({ reason }) => reason).join(" "));
  if (faces.length === 0) throw allReasons();
  const groups = groupByPhoto(faces);
  const results = nameOutputs(
    out,
    groups.map(([{ photo }]) => photo),
    attributes,
  );
  const sheetPath = join(out, "sheet.png");
  await checkOutputs(
    out,
    [...results, sheetPath],
    [...faces.flatMap(({ input, photo }) => [input, photo]), ...references],
  );
  await refuseExisting([...results, sheetPath], "--out", options.overwrite);
  await withEditor(options, attributes, faces.length, context, async ({ generator }) => {
    const crops = faces.map(({ crop }) => crop);
    const start = performance.now();
    const { swapAll, uploadPictures } = await import("../editing/swap-rows.js");
    const { writeSheet } = await import("../editing/files/swap-files.js");
    const rows = await swapAll(generator, uploadPictures(generator.config.size, crops), {
      ...{ attributes, references: others, withUnedited: true },
      onProgress: (done) => context.onProgress({ stage: "Swap", done, total: crops.length, unit: "faces" }),
    });
    const milliseconds = millisecondsSince(start);
    const outputs: string[] = [];
    for (const [i, group] of groups.entries()) {
      const edits = group.map((face) => {
        const { unedited, result } = rows[faces.indexOf(face)];
        return { face, before: unedited!, after: result };
      });
      const photo = await pasteIntoPhoto(edits).catch((error: unknown) => note(group[0].photo, error));
      if (!photo) continue;
      await writePicture(results[i], photo);
      outputs.push(results[i]);
    }
    if (outputs.length === 0) throw allReasons();
    await writeSheet(
      sheetPath,
      rows,
      attributes,
      faces.map(({ input }) => input),
      context.print,
    );
    outputs.push(sheetPath);
    for (const path of outputs) context.print(path);
    for (const { reason } of failures) context.warn(reason);
    context.printJson({ outputs, milliseconds, failures });
    if (failures.length > 0) context.markPartial();
  });
}
