/**
 * Stages the site's documents: copies our Markdown files into a folder, gives each its group, and turns the names of commands
 * into links to their pages. In the checkout the files stay as they are, so that they also read well there.
 */
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { commandPages } from "./commands.js";
import { linkCommands, pageOf } from "./links.js";

/** Groups of the navigation, in their order. "API" holds the library's modules; src/index.ts and src/browser.ts name it. */
export const GROUPS = ["Guides", "Reference", "API", "Background"];

/** The guides, in the order in which a user needs them. */
const GUIDES = ["edit", "own-data", "data", "label", "training", "scoring", "table", "cluster", "browser"];
/** The list of the decisions, one file each. */
const DECISIONS = "docs/decisions/README.md";
/** The first pages of the background. All other files of docs/ follow them, so that a new one is never left out. */
const BACKGROUND = ["architecture", "fidelity", "metrics", "performance", "reliability", "planner", "results"];

const titleOf = (text) => /^# (.*)$/m.exec(text)?.[1] ?? "";

/** The Markdown files of a folder of the checkout, sorted; none if there is no such folder. */
async function markdownIn(root, folder) {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".md")).map(({ name }) => name);
  return names.sort().map((name) => `${folder}/${name}`);
}

/** A page whose text is a list of the pages below it. */
async function indexPage(root, path, children, introduction) {
  const items = children.map(async (child) => {
    const title = titleOf(await readFile(join(root, child), "utf8"));
    return `- [${title}](${posix.relative(posix.dirname(path), child)})`;
  });
  return { path, children, text: `${introduction}\n\n${(await Promise.all(items)).join("\n")}\n` };
}

/** The pages of each group. Those without a text are files of the checkout. */
async function pagesByGroup(root, commands) {
  const file = (path) => ({ path, children: [] });
  const guide = (name) => `docs/${name}.md`;
  const all = await markdownIn(root, "docs");
  const listed = ["commands", ...GUIDES, ...BACKGROUND].map(guide);
  const missing = listed.filter((path) => !all.includes(path));
  if (missing.length > 0) throw new Error(`build/docs/documents.js: no such file: ${missing.join(", ")}`);

  const records = await markdownIn(root, "docs/decisions");
  const decisions = { path: DECISIONS, children: records.filter((path) => path !== DECISIONS) };
  const models = await markdownIn(root, "assets");
  const notes = await markdownIn(root, "bench/notes");
  return {
    Guides: [...GUIDES.map(guide), "examples/README.md"].map(file),
    Reference: [
      file(guide("commands")),
      ...[...commands].map(([name, text]) => ({ path: pageOf(name), children: [], text })),
    ],
    Background: [
      ...BACKGROUND.map(guide).map(file),
      decisions,
      ...all.filter((path) => !listed.includes(path)).map(file),
      file("CHANGELOG.md"),
      await indexPage(root, "assets/README.md", models, "# Shipped models\n\nThe notice of each model file."),
      await indexPage(
        root,
        "bench/notes/README.md",
        notes,
        "# Laboratory notes\n\nMeasurements by day, as they were made.",
      ),
    ],
  };
}

/**
 * Copies the documents into `stage` and writes the commands' pages there.
 * @param root  the checkout
 * @param stage an empty folder
 * @returns the paths of the start page, and of all documents that no other one lists as a child
 */
export async function stageDocuments(root, stage) {
  const commands = await commandPages();
  const names = new Set(commands.keys());
  const read = (path) => readFile(join(root, path), "utf8");
  const write = async (path, matter, text) => {
    await mkdir(dirname(join(stage, path)), { recursive: true });
    await writeFile(join(stage, path), matter + linkCommands(text, path, names));
  };
  const matterOf = (text, more) => `---\n${[`title: ${JSON.stringify(titleOf(text))}`, ...more].join("\n")}\n---\n\n`;

  // Pictures and files that documents link to.
  for (const folder of ["docs/images", "docs/cluster", "examples"]) {
    await cp(join(root, folder), join(stage, folder), { recursive: true });
  }
  const documents = [];
  for (const [group, pages] of Object.entries(await pagesByGroup(root, commands))) {
    for (const { path, children, text = await read(path) } of pages) {
      const below = children.map((child) => `  - ${JSON.stringify(join(stage, child))}`);
      await write(
        path,
        matterOf(text, [`group: ${group}`, ...(below.length === 0 ? [] : ["children:", ...below])]),
        text,
      );
      for (const child of children) await write(child, matterOf(await read(child), []), await read(child));
      documents.push(join(stage, path));
    }
  }
  await write("README.md", "", await read("README.md"));
  return { readme: join(stage, "README.md"), documents };
}
