/** The editing commands on a tiny model: their files, sheets and refusals. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { nameOutputs } from "../../src/cli/editing.js";
import { missingWebgpuPackages } from "../../src/device/node/find-adapter.js";
import { decodeImage, encodeJpeg, encodePng } from "../../src/image/codec.js";
import { LINE_UNITS } from "../../src/sheet/font.js";
import { useCacheHome } from "../support/cache.js";
import { withEnvironment } from "../support/environment.js";
import { runHere } from "../support/in-process.js";
import { goldenPhoto } from "../support/pictures.js";
import { useEditing } from "../support/use-editing.js";

interface Answer {
  readonly outputs: readonly string[];
  readonly milliseconds: number;
}

/** The side in pixels of an image of 64 pixels on a sheet, which is twice as large. */
const SHOWN = 2 * 64;

describe("elegant swap, linear and matrix", () => {
  const { face, elegant } = useEditing(["a.png", "b.png", "r1.png", "r2.png", "r3.png"]);

  before(async () => {
    await writeFile(face("large.jpg"), await encodeJpeg(goldenPhoto("large", 2, 100, 100), 95));
    await writeFile(face("oblong.png"), await encodePng(goldenPhoto("oblong", 2, 64, 48)));
    await writeFile(face("text.png"), "not a picture");
    for (const name of ["w.pth", "w.onnx"]) await writeFile(face(name), "weights");
    await mkdir(face("empty"));
  });

  async function answerOf(line: string): Promise<Answer> {
    const { code, stdout, stderr } = await elegant(`${line} --json`);
    assert.equal(code, 0, stderr);
    const answer = JSON.parse(stdout) as Answer;
    assert.ok(answer.milliseconds > 0);
    return answer;
  }

  async function sizeOf(path: string): Promise<readonly [number, number]> {
    const { width, height } = await decodeImage(await readFile(path), path);
    return [width, height];
  }

  it("says in one line of its own that there is no GPU", async function () {
    if (process.platform !== "linux" || missingWebgpuPackages().length > 0) this.skip();
    const line = "swap --model @model.safetensors --input @a.png --attribute Bangs --reference @r1.png --out @never";
    // Another test may have set a software driver.
    const noDriver = { VK_ICD_FILENAMES: face("none.json") };
    const { code, stdout, stderr } = await withEnvironment(noDriver, () => elegant(line, "webgpu"));
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(
      stderr,
      /^elegant: device webgpu: expected a GPU with a Vulkan, .* driver, received none\. Install [^\n]*\n$/,
    );
  });

  it("writes one picture an input, and a sheet of all", async () => {
    const { outputs } = await answerOf(
      "swap --model @model.safetensors --input @a.png @large.jpg --attribute Bangs --reference @r1.png --out @new/one",
    );
    const names = ["a-Bangs.png", "large-Bangs.png", "sheet.png"];
    assert.deepEqual(
      outputs,
      names.map((name) => join(face("new/one"), name)),
    );
    assert.deepEqual((await readdir(face("new/one"))).sort(), names);
    for (const path of outputs.slice(0, 2)) assert.deepEqual(await sizeOf(path), [64, 64]);
    const [width, height] = await sizeOf(outputs[2]);
    // Input, reference, result, change, and the reference with the input's attribute, after a name.
    assert.ok(width > 5 * SHOWN && width < 6 * SHOWN && height > 2 * SHOWN, `${width} x ${height}`);
  });

  it("takes several attributes from as many references, or from one", async () => {
    const start = "swap --model @model.safetensors --input @a.png";
    const pairs = "--attribute Bangs --reference @r1.png --attribute Smiling --reference @r2.png";
    const two = await answerOf(`${start} ${pairs} --out @two`);
    const together = await answerOf(`${start} --attribute Bangs Smiling --reference @r1.png @r2.png --out @together`);
    const one = await answerOf(`${start} --attribute Bangs Smiling --reference @r1.png --out @single`);
    assert.match(two.outputs[0], /a-Bangs\+Smiling\.png$/);
    const [a, b, c] = await Promise.all([two, together, one].map(({ outputs }) => readFile(outputs[0])));
    assert.deepEqual(a, b);
    assert.notDeepEqual(a, c);
  });

  it("says what it has written to people, and on which device the first time only", async () => {
    const restore = useCacheHome(face("cache"));
    try {
      const line = "swap --model @model.safetensors --input @a.png --attribute Bangs --reference @a.png --out @people";
      const printed = async (options: string): Promise<string> => {
        const { code, stdout, stderr } = await elegant(`${line} --overwrite${options}`);
        assert.equal(code, 0, stderr);
        return stdout;
      };
      const named = /^model .*model\.safetensors on wasm: .*\n.*a-Bangs\.png\n.*sheet\.png\n$/;
      assert.match(await printed(""), named);
      assert.match(await printed(""), /^model .*model\.safetensors\n.*a-Bangs\.png\n.*sheet\.png\n$/);
      assert.match(await printed(" --verbose"), named);
    } finally {
      restore();
    }
  });

  it("writes a line from the input to the reference", async () => {
    const { outputs } = await answerOf(
      "linear --model @model.safetensors --input @a.png --attribute Bangs --reference @r1.png --steps 3 --out @new/l.png",
    );
    assert.deepEqual(outputs, [face("new/l.png")]);
    const [width] = await sizeOf(outputs[0]);
    assert.equal(width, 5 * SHOWN + 6 * 6);
  });

  it("writes a grid of one attribute or of two, also of a single cell", async () => {
    const start = "matrix --model @model.safetensors --input @a.png";
    const three = "--attribute Bangs --reference @r1.png @r2.png @r3.png";
    const one = await answerOf(`${start} ${three} --rows 2 --columns 5 --out @m1.png`);
    const two = await answerOf(`${start} --attribute Bangs Smiling --reference @r1.png @r2.png --out @m2.png`);
    const cell = await answerOf(`${start} ${three} --rows 1 --columns 1 --out @m3.png`);
    const sizes = await Promise.all([one, two, cell].map(({ outputs }) => sizeOf(outputs[0])));
    // The names of images are below the row with input and references, and below the grid's first and last row.
    const namesOf = (lines: readonly number[]): number =>
      lines.reduce((sum, count) => sum + Math.ceil((count * LINE_UNITS * SHOWN) / 85) + 3, 0);
    assert.deepEqual(
      sizes.map(([, height]) => height),
      [
        3 * (SHOWN + 6) + 6 + namesOf([1, 2, 2]),
        5 * (SHOWN + 6) + 6 + namesOf([1, 2, 2]),
        2 * (SHOWN + 6) + 6 + namesOf([1, 1]),
      ],
    );
  });

  const swap = "swap --model @model.safetensors --input @a.png --attribute Bangs --reference @r1.png --out @never";

  const linear =
    "linear --model @model.safetensors --input @a.png --attribute Bangs --reference @r1.png --out @never.png";

  const matrix =
    "matrix --model @model.safetensors --input @a.png --attribute Bangs --reference @r1.png --out @never.png";

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ["an unknown attribute", swap.replace("Bangs", "bang"), /one of Bangs, Eyeglasses, Smiling.*Did you mean Bangs\?/],
    ["an attribute twice", swap.replace("Bangs", "Bangs Bangs"), /each one once, received 'Bangs' twice/],
    ["a reference too many", swap.replace("@r1", "@r2.png @r1"), /--reference: expected 1 face for 1 att.*received 2/],
    ["a missing reference", swap.replace("@r1", "@none"), /none\.png: .*ENOENT/],
    [
      "a reference that is no picture",
      swap.replace("@r1", "@text"),
      /text\.png: .*JPEG, PNG, BMP, GIF, TIFF, WebP or AVIF/,
    ],
    ["a picture that is not square", swap.replace("@a", "@oblong"), /expected a square picture.*received 48 x 64/],
    ["a missing model", swap.replace("@model", "@none"), /Reading the model .*none\.safetensors/],
    ["a model that is none", swap.replace("@model.safetensors", "@a.png"), /a\.png: header: .*no safetensors file/],
    ["a folder without a run", swap.replace("@model.safetensors", "@empty"), /expected a run with checkpoints/],
    ["a file for a folder", swap.replace("@never", "@a.png/sub"), /--out: expected a folder, received the file/],
    [
      "no model",
      swap.replace("--model @model.safetensors", ""),
      /^elegant: --model: expected a value \(--model <path>\), rec/,
    ],
    [
      "a folder without pictures",
      swap.replace("@a.png", "@empty"),
      /empty: expected images .*received an empty folder/,
    ],
    ["a folder as a reference", swap.replace("@r1.png", "@empty"), /empty: expected an image file, received a folder/],
    ["a folder as the face", linear.replace("@a.png", "@empty"), /empty: expected an image file, received a folder/],
    [
      "a PyTorch file as the model",
      swap.replace("@model.safetensors", "@w.pth"),
      /w\.pth: expected a run's folder, .*received a file of PyTorch\. Make a run of it with 'elegant import'/,
    ],
    [
      "an ONNX graph as the model",
      swap.replace("@model.safetensors", "@w.onnx"),
      /w\.onnx: expected .*received an ONNX graph\. Use the run that it was exported from/,
    ],
    ["no step", `${linear} --steps 0`, /an integer from 1 to 64, received '0'/],
    ["another ending", linear.replace("@never.png", "@never.gif"), /expected a file named \*\.png/],
    ["a folder for a file", linear.replace("@never.png", "@x.png/"), /--out: expected a file, received the folder/],
    ["the input as output", linear.replace("@never", "@a"), /It would overwrite one; choose another/],
    ["too few references", matrix, /--reference: expected 3 for one attribute, received 1/],
    [
      "three attributes",
      matrix.replace("Bangs", "Bangs Smiling Eyeglasses"),
      /--attribute: expected 1 or 2, received 3/,
    ],
    ["a device that does not exist", `${matrix} --device tpu`, /auto, webgpu, tensorflow, wasm, cpu/],
  ];

  for (const [what, line, message] of wrong) {
    it(`answers ${what} with one line, writes nothing and exits with 2`, async () => {
      await mkdir(face("x.png"), { recursive: true });
      const held = (await readdir(face())).sort();
      const { code, stdout, stderr } = await elegant(line.replace("  ", " "));
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
      assert.match(stderr, /^elegant: .*\n$/);
      assert.ok(!existsSync(face("never")));
      assert.deepEqual((await readdir(face())).sort(), held);
    });
  }

  it("takes the pictures of a folder as inputs, in the order of their names", async () => {
    await mkdir(face("folder/below"), { recursive: true });
    for (const name of ["b.png", "a.png", "below/c.png"]) {
      await writeFile(face(`folder/${name}`), await encodePng(goldenPhoto(name, 2, 64, 64)));
    }
    const { outputs } = await answerOf(
      "swap --model @model.safetensors --input @folder @r2.png --attribute Bangs --reference @r1.png --out @from-folder",
    );
    assert.deepEqual(
      outputs.map((path) => basename(path)),
      ["a-Bangs.png", "b-Bangs.png", "c-Bangs.png", "r2-Bangs.png", "sheet.png"],
    );
  });

  const overwriting: readonly (readonly [string, string])[] = [
    [`${swap.replace("@never", "@full")}`, "full/a-Bangs.png"],
    [`${linear.replace("@never.png", "@full/l.png")}`, "full/l.png"],
    [
      "matrix --model @model.safetensors --input @a.png --attribute Bangs --reference @r1.png @r2.png @r3.png --out @full/m.png",
      "full/m.png",
    ],
  ];

  for (const [line, file] of overwriting) {
    it(`${line.split(" ", 1)[0]} writes over a file only with --overwrite, and next to others without`, async () => {
      await mkdir(face("full"), { recursive: true });
      await writeFile(face("full/other.txt"), "mine");
      await writeFile(face(file), "mine too");
      const { code, stdout, stderr } = await elegant(line);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      const message = `elegant: --out ${face(file)}: expected a path that does not exist, received an existing file. `;
      assert.equal(stderr, `${message}Choose another --out, or pass --overwrite.\n`);
      assert.equal(await readFile(face(file), "utf8"), "mine too");
      await answerOf(`${line} --overwrite`);
      assert.deepEqual(await sizeOf(face(file)).then(([width]) => width > 0), true);
      await rm(face(file));
      await rm(face("full/sheet.png"), { force: true });
      await answerOf(line);
      assert.equal(await readFile(face("full/other.txt"), "utf8"), "mine");
    });
  }

  it("shows an example in each command's help", async () => {
    for (const command of ["swap", "linear", "matrix"]) {
      const { code, stdout } = await runHere([command, "--help"]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`elegant ${command} --model .* --input`));
    }
  });

  it("numbers inputs of the same name, and keeps folders out of the names of attributes", () => {
    assert.deepEqual(nameOutputs("out", ["x/a.png", "y/a.jpg", "b.png"], ["Bangs", "No/Beard"]), [
      join("out", "a-Bangs+No_Beard.png"),
      join("out", "a-2-Bangs+No_Beard.png"),
      join("out", "b-Bangs+No_Beard.png"),
    ]);
  });
});
