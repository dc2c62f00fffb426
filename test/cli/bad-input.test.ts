/** All commands with damaged, missing or unsuitable files: each must fail with one line and write nothing. */
import assert from "node:assert/strict";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { GENERATOR, initialParameters } from "../../src/methods/elegant/parameters.js";
import { exportGenerator } from "../../src/models/generator-file.js";
import { writeFaces } from "../support/faces.js";
import { runHere } from "../support/in-process.js";
import { TINY, tinyGenerator } from "../support/model.js";
import { writeSmallDataset } from "../support/pictures.js";
import type { Ended } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const PAGE = "<!DOCTYPE html>\n<html><body><p>Sign in to download this file</p></body></html>\n";

describe("bad input", () => {
  let folder: string;
  let at: (name: string) => string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    at = (name) => join(folder, name);
    await writeFaces(at("faces"), 12);
    await writeSmallDataset(at("photos"), 4);
    const copy = async (from: string, to: string): Promise<void> => cp(at(from), at(to), { recursive: true });
    const edit = async (path: string, change: (text: string) => string): Promise<void> => {
      await writeFile(at(path), change(await readFile(at(path), "utf8")));
    };
    await copy("faces", "unlisted");
    for (const list of ["attr_celeba", "eval_partition"]) await rm(at(`unlisted/list_${list}.txt`));
    await copy("faces", "page");
    await edit("page/list_attr_celeba.txt", () => PAGE);
    await copy("photos", "page-photos");
    await edit("page-photos/list_landmarks_celeba.txt", () => PAGE);
    await copy("faces", "miscounted");
    await edit("miscounted/list_attr_celeba.txt", (text) => text.replace(/^12/, "202599"));
    await copy("faces", "incomplete");
    await rm(at("incomplete/images/000007.png"));
    await copy("photos", "gone");
    await rm(at("gone/images"), { recursive: true });
    await mkdir(at("gone/images"));
    await mkdir(at("empty"));
    await mkdir(at("empty-out"));
    await writeFile(at("notes.txt"), "mine");
    await writeFile(at("text.png"), "no picture");
    await copyFile(at("faces/images/000001.png"), at("a.png"));
    await writeFile(at("model.safetensors"), tinyGenerator(1));
    // A generator whose tensors have another width than its configuration states.
    const narrow = initialParameters(TINY, GENERATOR, 1);
    await writeFile(
      at("misfit.safetensors"),
      exportGenerator(narrow, elegantModel({ ...TINY, width: 8 }), { dtype: "F32" }),
    );
    const trained = await elegant(
      "train @faces --attributes Bangs --out @run --size 64 --width 4 --batch 2 --steps 1 --device wasm --workers 1",
    );
    assert.equal(trained.code, 0, trained.stderr);
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** Words that start with @ name files in the test's folder. */
  function elegant(line: string): Promise<Ended> {
    const words = line.split(" ").map((word) => (word.startsWith("@") ? at(word.slice(1)) : word));
    return runHere(words);
  }

  const train =
    "train @faces --attributes Bangs --out @new/run --size 64 --width 4 --batch 2 --device wasm --workers 1";
  const on = (data: string): string => train.replace("@faces", data);
  const resume = train.replace("@new/run", "@run --resume");
  const preprocess = "preprocess @photos @new/out --size 32 --workers 1";
  const swap =
    "swap --model @model.safetensors --input @a.png --attribute Bangs --reference @a.png --out @new --workers 1";

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ["a missing list", on("@unlisted"), /unlisted: expected list_attr_celeba\.txt, received no such file\. Put CelebA/],
    ["a missing list, as JSON", `${on("@unlisted")} --json`, /expected list_attr_celeba\.txt, received no such file/],
    [
      "no landmarks",
      preprocess.replace("@photos", "@faces"),
      /faces: expected list_landmarks_celeba\.txt, received none\. Put the list .*, or give --crop/,
    ],
    [
      "a page in place of a list",
      on("@page"),
      /list_attr_celeba\.txt, line 1: expected a list of files and numbers, received '<!DOCTYPE html>'\. A download page/,
    ],
    [
      "a page in place of the landmarks",
      preprocess.replace("@photos", "@page-photos"),
      /list_landmarks_celeba\.txt, line 1: expected a list .* download the list itself\.$/m,
    ],
    [
      "another count than rows",
      on("@miscounted"),
      /line 1: expected the number of rows \(12\), received '202599'\. The list is cut off/,
    ],
    [
      "a photo of the list that is missing",
      on("@incomplete"),
      /expected the 12 images .*, received 1 missing \(the first is 000007\.png\)\. Run 'elegant preprocess' first/,
    ],
    [
      "photos that are all missing",
      preprocess.replace("@photos", "@gone"),
      /images: expected the photos of the list \(the first is 000001\.jpg\), received none of them\. Check the folder/,
    ],
    [
      "an empty folder",
      on("@empty"),
      /empty: expected an image folder \(images, .*\), received none of them\. Name it/,
    ],
    ["an empty folder", preprocess.replace("@photos", "@empty"), /expected an image folder .*--images DIR/],
    ["DATA that does not exist", on("@none"), /none: expected a folder, received none\. Check the path of the data/],
    ["SRC that does not exist", preprocess.replace("@photos", "@none"), /expected a folder, received none/],
    [
      "a file for DATA",
      on("@notes.txt"),
      /notes\.txt: expected a folder, received a file\. Check the path of the data\.$/m,
    ],
    [
      "an unknown attribute",
      train.replace("Bangs", "Bang"),
      /--attributes: expected a name of the list, received 'Bang'\. Did you mean Bangs\?/,
    ],
    ["an attribute twice", train.replace("Bangs", "Bangs Bangs"), /--attributes: expected each name once, received/],
    [
      "an attribute without negatives",
      train.replace("Bangs", "Young"),
      /expected at least 2 training pictures without Young, received 0\. Choose another attribute or add pictures\./,
    ],
    ["a width that does not fit", train.replace("width 4", "width 6"), /--width: .*multiple of 4/],
    ["a folder with files as --out", train.replace("@new/run", "@faces"), /faces: expected a new or empty folder, rec/],
    [
      "a run's folder without --resume",
      train.replace("@new/run", "@run"),
      /received a run with checkpoints\. Add --res/,
    ],
    [
      "a file as --out",
      train.replace("@new/run", "@notes.txt"),
      /notes\.txt: expected a new or empty folder, received a f/,
    ],
    [
      "a file as --out, as JSON",
      `${train.replace("@new/run", "@notes.txt")} --json`,
      /received a file\. Choose another/,
    ],
    [
      "a file as OUT",
      preprocess.replace("@new/out", "@notes.txt"),
      /notes\.txt: expected a folder, received a file\. Choose/,
    ],
    [
      "a file as --out of the demo",
      "demo --out @notes.txt --workers 1",
      /notes\.txt: expected a new or empty folder, received a f/,
    ],
    [
      "a full folder for the demo",
      "demo --out @faces",
      /faces: expected a new or empty folder, received .* Delete it, or/,
    ],
    ["too few photos for the demo", "demo --out @new --photos 5", /--photos: expected at least 60, received 5/],
    [
      "a file as DIR",
      "synth @notes.txt --count 2",
      /notes\.txt: expected an empty directory .*, received a file\. Name a dir/,
    ],
    [
      "a file as --out of swap",
      swap.replace("@new", "@notes.txt"),
      /--out: expected a folder, received the file .*notes\.txt/,
    ],
    ...(
      [
        [preprocess.replace("@new/out", "@notes.txt/x"), "Creating .*notes\\.txt/x"],
        ["synth @notes.txt/x --count 2", "Creating .*notes\\.txt/x"],
        ["export @run @notes.txt/x.safetensors", "DEST"],
        ["export @run @notes.txt/x --pth", "DEST"],
        ["export @run @notes.txt --onnx", "DEST"],
        ["table @faces --attributes Bangs --updates 1 --features random-inception --out @notes.txt/x", "--out"],
        ["plan preprocess @photos @new --html @notes.txt/x.html", "--html"],
        ["plan preprocess @photos @new --trace @notes.txt/x.json", "--trace"],
        ["inspect @faces --sheet @notes.txt/x.png", "--sheet"],
        ["train @faces --attributes Bangs --out @notes.txt/x --size 64 --batch 2", "--out .*notes\\.txt/x"],
        ["import @run/none.safetensors --out @notes.txt/x", "--out .*notes\\.txt/x"],
        ["align @a.png --out @notes.txt/x", "--out .*notes\\.txt/x"],
      ] as const
    ).map(([line, name]) => {
      const message = new RegExp(`^elegant: ${name}: expected [a-z ]*folder, received (a|the) file`);
      return [`a path below a file in ${line.split(" ", 3).join(" ")}`, line, message] as const;
    }),
    ...[
      "inspect @notes.txt",
      "table @notes.txt --attributes Bangs --updates 1 --features random-inception --out @new",
    ].map((line) => {
      return ["a file for DATA", line, /notes\.txt: expected a folder, received a file\. Check the path/] as const;
    }),
    ...(
      [
        ["a folder as --weights", "fid @faces/images @faces/images --weights @empty --workers 1", "Reading '.*empty'"],
        ["a folder as FILE", "weights @empty", "Reading '.*empty'"],
        ["a folder as a golden file", "verify @empty", "Cannot read '.*empty'"],
      ] as const
    ).map(([what, line, name]) => {
      return [
        what,
        line,
        new RegExp(`^elegant: ${name}: expected a file, received a folder\\. Check the path, and`),
      ] as const;
    }),
    [
      "a file as the table's folder",
      "table @faces --attributes Bangs --updates 1 --features random-inception --out @notes.txt",
      /--out: expected a folder, received the file/,
    ],
    [
      "a folder as a plan's page",
      "plan preprocess @photos @new --html @empty",
      /--html: expected a file, received the folder/,
    ],
    [
      "nothing to merge",
      "merge @nowhere",
      /^elegant: .*nowhere: expected the folder of elegant preprocess --part, or files of .*, received nothing there\. Check the path\.$/m,
    ],
    [
      "one file too many to merge",
      "merge @nowhere.npz --save-stats @s.npz",
      /nowhere\.npz: expected .*received nothing there/,
    ],
    [
      "a file to merge, and nothing to make of it",
      "merge @notes.txt",
      /^elegant: merge: expected a folder, or --save-stats FILE\.npz .*, received the file .*notes\.txt and neither option\. Say/,
    ],
    ["a folder as DEST", "export @run @empty", /DEST: expected a name ending in \.safetensors, received/],
    [
      "a run of another width",
      resume.replace("width 4", "width 8"),
      /--resume: --width: expected 4, received 8\. Resume with/,
    ],
    ["a run of another size", resume.replace("size 64", "size 128"), /--resume: --size: expected 64, received 128/],
    [
      "a run that is none",
      train.replace("@new/run", "@empty --resume"),
      /empty: expected a run with checkpoints.*received no/,
    ],
    [
      "a generator whose tensors do not fit",
      swap.replace("@model", "@misfit"),
      /misfit\.safetensors: Enc\.main\.0\.0\.weight: expected shape \[8,3,3,3\], received \[4,3,3,3\]\. It was made with ano/,
    ],
    [
      "a model without the attribute",
      swap.replace("Bangs", "Smilin"),
      /expected one of Bangs, .*Did you mean Smiling\?/,
    ],
    [
      "a reference that is no image",
      swap.replace("--reference @a.png", "--reference @text.png"),
      /text\.png: .*JPEG, PNG, BMP, GIF, TIFF, WebP or AVIF/,
    ],
    ["a typo in a command", "tarin @faces", /unknown command 'tarin' \(Did you mean train\?\) Add --help/],
    ["a typo in an option", `${train} --step 3`, /unknown option '--step' \(Did you mean --steps\?\) Add --help/],
  ];
  for (const [what, line, message] of wrong) {
    it(`${what} (${line.split(" ", 1)[0]}) is answered with one line; nothing is written`, async () => {
      const held = await treeOf(folder);
      const { code, stdout, stderr } = await elegant(line);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
      assert.match(stderr, /^elegant: [^\n]+\n$/);
      assert.deepEqual(await treeOf(folder), held);
    });
  }

  it("leaves an output folder as it was when every photo is damaged", async () => {
    await cp(at("photos"), at("damaged"), { recursive: true });
    for (const name of await readdir(at("damaged/images"))) await writeFile(at(`damaged/images/${name}`), "no picture");
    const held = await treeOf(folder);
    for (const out of ["@empty-out", "@new/deep/out"]) {
      const { code, stdout, stderr } = await elegant(`preprocess @damaged ${out} --size 32 --workers 1`);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, /^elegant: None of the 4 photos could be used\. The first: 000001\.jpg: .*\n$/m);
      assert.deepEqual(await treeOf(folder), held);
    }
  });

  it("is left out and reported when it is one photo of many: exit code 3", async () => {
    await cp(at("photos"), at("holes"), { recursive: true });
    await rm(at("holes/images/000003.jpg"));
    const { code, stdout, stderr } = await elegant("preprocess @holes @made --size 32 --workers 1 --json");
    assert.equal(code, 3, stderr);
    const { done, failed, failures } = JSON.parse(stdout) as {
      done: number;
      failed: number;
      failures: { file: string; reason: string }[];
    };
    assert.deepEqual([done, failed, failures[0].file], [3, 1, "000003.jpg"]);
    assert.match(failures[0].reason, /000003\.jpg: reading the photo: ENOENT/);
    assert.match(stderr, /3 images written .* 1 failed/);
  });
});
