/** `elegant linear`: goes from a face to that face with a reference's attribute, in steps. */
import type { Command } from "commander";
import { integer, runCommand } from "./command.js";
import {
  checkPictureOutput,
  type EditingOptions,
  millisecondsSince,
  readPictures,
  withEditingOptions,
  withEditor,
} from "./editing.js";

interface Options extends EditingOptions {
  readonly input: string;
  readonly attribute: string;
  readonly reference: string;
  readonly steps: number;
}

const HELP = `
FILE shows one row: the input, the steps (the last one is the full swap) and the reference.

Example:
  elegant linear --model runs/glasses --input me.png --attribute Eyeglasses --reference glasses.png \\
    --steps 4 --out linear.png`;

export function registerLinear(program: Command): void {
  withEditingOptions(program.command("linear"), "--out <file>")
    .description("go from a face to the face with a reference's attribute, in steps")
    .requiredOption("--input <face>", "the face to edit")
    .requiredOption("--attribute <name>", "the attribute to take from the reference")
    .requiredOption("--reference <face>", "the face to take it from")
    .option("--steps <m>", "images between input and reference", integer(1, 64), 4)
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      await runCommand(options, async (context) => {
        const { input, attribute, reference, steps, out, overwrite } = options;
        await checkPictureOutput(out, [input, reference], overwrite);
        const pictures = await readPictures([input, reference]);
        await withEditor(options, [attribute], steps, context, async ({ generator }) => {
          const { disposeFaces, encodePictures, toPictures } = await import("../editing/faces.js");
          const { linear } = await import("../editing/linear.js");
          const { writePicture } = await import("../image/picture-files.js");
          const { composeSheet, sheetScale } = await import("../sheet/sheet.js");
          const start = performance.now();
          const faces = await encodePictures(generator, [pictures[0]]);
          const other = await encodePictures(generator, [pictures[1]]);
          const images = linear(generator, faces, other, attribute, steps);
          const cells = [faces.images, images, other.images];
          const row = (await Promise.all(cells.map(toPictures))).flat();
          const milliseconds = millisecondsSince(start);
          images.dispose();
          for (const each of [faces, other]) disposeFaces(each);
          const shares = Array.from({ length: steps }, (_, i) => `${Math.round(((i + 1) / steps) * 100)} %`);
          await writePicture(
            out,
            composeSheet([row], {
              labels: { columns: ["input", ...shares, "reference"] },
              scale: sheetScale(row[0].width),
            }),
          );
          context.print(out);
          context.printJson({ outputs: [out], milliseconds });
        });
      });
    });
}
