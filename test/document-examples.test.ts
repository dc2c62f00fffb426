/** The programs in our documents and docstrings: every one compiles against the package's own types. */
import assert from "node:assert/strict";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { blocksOf, listDocuments } from "./support/documents.js";
import { withFolder } from "./support/folder.js";
import { fromRoot, runNode } from "./support/spawn.js";

interface Example {
  /** Where it is shown. */
  readonly source: string;
  readonly code: string;
  readonly language: "js" | "ts";
}

/** Whose examples use the package's browser build. */
const IN_BROWSER = ["docs/browser.md", "src/library-browser.ts", "src/device/in-browser.ts"];

/** The examples of a text in Markdown. */
function examplesOf(source: string, text: string): Example[] {
  return (["js", "ts"] as const).flatMap((language) =>
    blocksOf(text, language).map((code) => ({ source, code, language })),
  );
}

/** The text of the comments of a TypeScript file, without their asterisks. */
function commentsOf(text: string): string {
  const comments = [...text.matchAll(/^ *\/\*\*[\s\S]*?\*\//gm)].map(([comment]) => comment);
  return comments.join("\n").replace(/^ *(?:\/\*\*| \* ?)/gm, "");
}

async function allExamples(): Promise<Example[]> {
  const sources = (await readdir(fromRoot("src"), { recursive: true })).filter((name) => name.endsWith(".ts")).sort();
  const paths = [...(await listDocuments()), ...sources.map((name) => `src/${name.replaceAll("\\", "/")}`)];
  const examples = paths.map(async (path) => {
    const text = await readFile(fromRoot(path), "utf8");
    return examplesOf(path, path.endsWith(".ts") ? commentsOf(text) : text);
  });
  return (await Promise.all(examples)).flat();
}

/**
 * Compiles examples, each as a module of its own, in a folder where the package is installed.
 * @returns the compiler's messages; empty if there are none
 */
async function compile(examples: readonly Example[], browser: boolean): Promise<string> {
  let messages = "";
  await withFolder(async (folder) => {
    // The checkout's own name resolves to the checkout.
    await symlink(fromRoot("node_modules"), join(folder, "node_modules"));
    const files = examples.map(({ source, language }, i) => `${i}-${source.replace(/\W/g, "-")}.${language}`);
    for (const [i, { code }] of examples.entries()) await writeFile(join(folder, files[i]), `${code}\nexport {};\n`);
    const entry = fromRoot(browser ? "dist/src/browser.d.ts" : "dist/src/index.d.ts");
    const compilerOptions = {
      ...{ target: "ES2022", module: "ESNext", moduleResolution: "Bundler", noEmit: true, skipLibCheck: true },
      // JavaScript has no way to name the type of a parameter.
      ...{ strict: examples.every(({ language }) => language === "ts"), allowJs: true, checkJs: true },
      ...{ lib: browser ? ["ES2023", "DOM"] : ["ES2023"], types: browser ? [] : ["node"] },
      paths: { "elegant-faces": [entry] },
    };
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const { code, stdout, stderr } = await runNode(fromRoot("node_modules/@typescript/native/bin/tsc"), ["-p", folder]);
    assert.equal(stderr, "");
    messages = stdout;
    assert.equal(code === 0, messages === "", messages);
  });
  return messages;
}

const isInBrowser = ({ source }: Example): boolean => IN_BROWSER.includes(source);

describe("examples", () => {
  let examples: readonly Example[];
  before(async () => {
    examples = await allExamples();
  });

  it("are there in the documents, and in the docstrings of the main functions", () => {
    const sources = new Set(examples.map(({ source }) => source));
    const shown = ["README.md", "docs/browser.md", "docs/metrics.md", "src/device/open.ts", "src/library.ts"];
    for (const source of [...shown, "src/library-node.ts", "src/preprocess/preprocess.ts"]) {
      assert.ok(sources.has(source), source);
    }
  });

  for (const browser of [false, true]) {
    for (const language of ["js", "ts"] as const) {
      it(`in ${language} compile in ${browser ? "a browser" : "Node.js"}`, async () => {
        const chosen = examples.filter((each) => each.language === language && isInBrowser(each) === browser);
        assert.ok(chosen.length > 0);
        assert.equal(await compile(chosen, browser), "");
      });
    }
  }

  it("would not compile with a function that does not exist or a value of another type", async () => {
    const wrong = 'import { openDevice, openDevices } from "elegant-faces";\nawait openDevice("wasm", "two");\n';
    const messages = await compile([{ source: "wrong", code: wrong, language: "ts" }], false);
    assert.match(messages, /'"elegant-faces"' has no exported member named 'openDevices'/);
    assert.match(messages, /'string' is not assignable to parameter of type 'number'/);
  });
});
