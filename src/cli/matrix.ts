/** `elegant matrix`: makes a grid between a face and three references, or between two attributes. */
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Command } from "commander";
import type { Faces } from "../editing/faces.js";
import type { Grid } from "../editing/matrix.js";
import type { Generator } from "../models/generator.js";
import { integer, runCommand } from "./command.js";
import {
  checkPictureOutput,
  type EditingOptions,
  millisecondsSince,
  readPictures,
  withEditingOptions,
  withEditor,
  wrongCount,
} from "./editing.js";

interface Options extends EditingOptions, Grid {
  readonly input: string;
  readonly attribute: readonly string[];
  readonly reference: readonly string[];
}

const HELP = `
One attribute needs three references. The input is at the top left; the input with the attribute as in reference 1, 2 and 3 is at the
top right, bottom left and bottom right. Two attributes need two references. The first attribute grows from left to right, the
second from top to bottom. FILE shows the input and the references above the grid, and each corner of the grid is labelled with its
reference and its share.

Examples:
  elegant matrix --model runs/bangs --input me.png --attribute Bangs --reference r1.png r2.png r3.png --out matrix.png
  elegant matrix --model runs/bangs --input me.png --attribute Bangs Smiling --reference r1.png r2.png \\
    --rows 4 --columns 6 --out matrix.png`;

export function registerMatrix(program: Command): void {
  withEditingOptions(program.command("matrix"), "--out <file>")
    .description("a grid between a face and three references, or between two attributes")
    .requiredOption("--input <face>", "the face to edit")
    .requiredOption("--attribute <name...>", "one or two attributes")
    .requiredOption("--reference <face...>", "three references for one attribute, or one for each of two attributes")
    .option("--rows <m>", "rows of the grid", integer(1, 32), 4)
    .option("--columns <n>", "columns of the grid", integer(1, 32), 4)
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      await runCommand(options, async (context) => {
        const { input, attribute: attributes, reference: references, out, rows, columns, overwrite } = options;
        const n = attributes.length;
        if (n > 2) throw wrongCount("--attribute", "1 or 2", attributes);
        if (references.length !== (n === 1 ? 3 : 2)) {
          throw wrongCount("--reference", n === 1 ? "3 for one attribute" : "2 for two attributes", references);
        }
        await checkPictureOutput(out, [input, ...references], overwrite);
        const pictures = await readPictures([input, ...references]);
        await withEditor(options, attributes, rows * columns, context, async ({ generator }) => {
          const { disposeFaces, encodePictures, toPictures } = await import("../editing/faces.js");
          const { matrixLabels } = await import("../editing/matrix.js");
          const { writePicture } = await import("../image/picture-files.js");
          const { composeSheet, sheetScale } = await import("../sheet/sheet.js");
          const start = performance.now();
          const faces: Faces[] = [];
          for (const picture of pictures) faces.push(await encodePictures(generator, [picture]));
          const images = await edit(generator, faces, attributes, { rows, columns });
          const originals = (await Promise.all(faces.map((face) => toPictures(face.images)))).flat();
          const cells = await toPictures(images);
          const milliseconds = millisecondsSince(start);
          images.dispose();
          for (const face of faces) disposeFaces(face);
          const grid = Array.from({ length: rows }, (_, r) => cells.slice(r * columns, (r + 1) * columns));
          const directions = n === 1 ? attributes[0] : `${attributes[0]} across, ${attributes[1]} down`;
          const labels = {
            rows: ["", directions, ...Array<string>(rows - 1).fill("")],
            cells: [
              originals.map((_, i) => (i === 0 ? "input" : `reference ${i}`)),
              ...matrixLabels(attributes, { rows, columns }),
            ],
          };
          await writePicture(
            out,
            composeSheet([originals, ...grid], { labels, scale: sheetScale(originals[0].width) }),
          );
          context.print(out);
          context.printJson({ outputs: [out], milliseconds });
        });
      });
    });
}

async function edit(
  generator: Generator,
  [input, first, second, third]: readonly Faces[],
  attributes: readonly string[],
  grid: Grid,
): Promise<Tensor4D> {
  const { matrixOfAttributes, matrixOfReferences } = await import("../editing/matrix.js");
  if (attributes.length === 1) {
    return matrixOfReferences(generator, input, [first, second, third], attributes[0], grid);
  }
  const edits = [
    { attribute: attributes[0], reference: first },
    { attribute: attributes[1], reference: second },
  ] as const;
  return matrixOfAttributes(generator, input, edits, grid);
}
