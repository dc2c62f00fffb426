/**
 * Builds the documentation as a static site: our guides, a page per command, and the reference of the library's functions.
 * TypeDoc makes all pages, without network. Usage: node build/docs.js [FOLDER], after tsc (npm run build). FOLDER is
 * dist/docs by default. The site is replaced only when it is complete and TypeDoc has no warning.
 */
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, KindRouter, ReflectionKind } from "typedoc";
import { GROUPS, stageDocuments } from "./docs/documents.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const out = resolve(process.argv[2] ?? join(root, "dist/docs"));
const unfinished = `${out}.unfinished`;

/** Pages have the addresses of their files: docs/edit.md is at docs/edit.html. The library's reference is in api/. */
const fileRouter = (stage) =>
  class extends KindRouter {
    getIdealBaseName(reflection) {
      if (!reflection.kindOf(ReflectionKind.Document)) return `api/${super.getIdealBaseName(reflection)}`;
      const path = relative(stage, reflection.project.files.getReflectionPath(reflection)).replaceAll("\\", "/");
      // TypeDoc's own scripts and styles are in assets/.
      return path.replace(/^assets\//, "models/").replace(/\.md$/, "");
    }

    /** Pages are also read from a disk, where a folder's address does not open its start page. */
    baseRelativeUrl(from, target) {
      return super.baseRelativeUrl(from, target === "./" ? "index.html" : target);
    }
  };

async function build(stage) {
  const { readme, documents } = await stageDocuments(root, stage);
  const app = await Application.bootstrap({
    entryPoints: ["src/index.ts", "src/browser.ts"].map((path) => join(root, path)),
    tsconfig: join(root, "tsconfig.json"),
    // npm run typecheck has checked the sources with the project's own compiler.
    skipErrorChecking: true,
    name: "elegant-faces",
    readme,
    projectDocuments: documents,
    out: unfinished,
    router: "file",
    basePath: stage,
    disableSources: true,
    excludeInternal: true,
    // Constants and schemas that types are made from, and types that users pass on without reading them.
    intentionallyNotExported: [
      ...["RAW_ON_DISK", "FACE_CHOICES", "OUTPUT_FORMATS", "alignedFace", "modelConfigSchema"],
      ...["PictureSource", "SharedHeap"],
    ],
    disableGit: true,
    hideGenerator: true,
    customCss: join(root, "build/docs/site.css"),
    highlightLanguages: ["sh", "js", "ts", "json", "http", "python", "yaml"],
    // A bare name such as README.md is no address of a host.
    markdownItLoader: (parser) => parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false }),
    navigation: { includeGroups: true, includeCategories: false, includeFolders: false },
    groupOrder: [...GROUPS, "*"],
    sort: ["source-order"],
    sortEntryPoints: false,
    headings: { readme: false, document: false },
    searchInDocuments: true,
    treatWarningsAsErrors: true,
    treatValidationWarningsAsErrors: true,
    validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: true },
  });
  app.renderer.defineRouter("file", fileRouter(stage));
  const project = await app.convert();
  if (project === undefined) return false;
  app.validate(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) return false;
  await app.generateOutputs(project);
  return !app.logger.hasErrors() && !app.logger.hasWarnings();
}

const stage = await mkdtemp(join(tmpdir(), "elegant-docs-"));
try {
  if (await build(stage)) {
    await rm(out, { recursive: true, force: true });
    await rename(unfinished, out);
    console.log(`${relative(process.cwd(), out) || out}: open index.html in a browser`);
  } else {
    process.exitCode = 1;
  }
} finally {
  await rm(stage, { recursive: true, force: true });
  await rm(unfinished, { recursive: true, force: true });
}
