/**
 * Stages the site's documents: copies our Markdown files into a folder, gives each its group, and turns the names of commands
 * into links to their pages. In the checkout the files stay as they are, so that they also read well there.
 */
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { commandPages } from "./commands.js";
import { linkCommands } from "./links.js";

/** Groups of the navigation, in their order. "API" holds the modules; src/index.ts and src/browser.ts name it. */
export const GROUPS = ["Guides", "Reference", "API", "Background"];

/** The guides, in the order in which a user needs them. Every other file of docs/ is background. */
const GUIDES = ["edit", "own-data", "data", "label", "training", "scoring", "table", "cluster", "browser"];
/** The background that comes first. */
const BACKGROUND = ["architecture", "fidelity", "metrics", "performance", "planner", "results"];

const titleOf = (text) => /^# (.*)$/m.exec(text)?.[1] ?? "";

async function markdownIn(root, folder) {
  const names = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  return names
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => `${folder}/${entry.name}`)
    .sort();
}

/** A page that leads to others: a document of our own, or a title and a sentence. */
const chapter = (page, children, text) => ({ page, children, text });

async function chapters(root) {
  const own = (name) => `docs/${name}.md`;
  const all = await markdownIn(root, "docs");
  const listed = [...GUIDES.map(own), own("commands"), ...BACKGROUND.map(own)];
  const missing = listed.filter((page) => !all.includes(page));
  if (missing.length > 0) throw new Error(`build/docs/documents.js names ${missing.join(", ")}: no such file.`);
  const decisions = await markdownIn(root, "docs/decisions");
  const index = ["docs/decisions.md", "docs/decisions/README.md"].find((page) => [...all, ...decisions].includes(page));
  const rest = all.filter((page) => !listed.includes(page) && page !== index);
  return {
    Guides: GUIDES.map((name) => chapter(own(name), [])),
    Reference: [chapter(own("commands"), [])],
    Background: [
      ...BACKGROUND.map((name) => chapter(own(name), [])),
      chapter(
        index ?? "docs/decisions/README.md",
        decisions.filter((page) => page !== index),
        index === undefined ? "# Decisions\n\nWhy elegant-faces is built as it is.\n" : undefined,
      ),
      ...rest.map((page) => chapter(page, [])),
      chapter("CHANGELOG.md", []),
      chapter(
        "assets/README.md",
        await markdownIn(root, "assets"),
        "# Shipped models\n\nThe notice of each model file.\n",
      ),
      chapter(
        "bench/notes/README.md",
        await markdownIn(root, "bench/notes"),
        "# Laboratory notes\n\nMeasurements by day, as they were made.\n",
      ),
    ],
  };
}

/**
 * Copies the documents into `stage` and writes the commands' pages there.
 * @param root  the checkout, with trailing slash
 * @param stage an empty folder
 * @returns the paths of the start page and of all documents that no other one lists as a child
 */
export async function stageDocuments(root, stage) {
  const commands = await commandPages();
  const groups = await chapters(root);
  const write = async (path, text) => {
    await mkdir(dirname(join(stage, path)), { recursive: true });
    await writeFile(join(stage, path), text);
  };
  // Pictures and files that documents link to.
  for (const folder of ["docs/images", "docs/cluster"])
    await cp(join(root, folder), join(stage, folder), { recursive: true });

  const documents = [];
  const names = new Set(commands.keys());
  const page = async (path, group, children, text) => {
    const source = text ?? (await readFile(join(root, path), "utf8"));
    const list = children.map((child) => `  - ${JSON.stringify(join(stage, child))}\n`).join("");
    const matter = `title: ${JSON.stringify(titleOf(source))}\n${group === "" ? "" : `group: ${group}\n`}${
      list === "" ? "" : `children:\n${list}`
    }`;
    await write(path, `---\n${matter}---\n\n${linkCommands(source, path, names)}`);
  };
  for (const [group, list] of Object.entries(groups)) {
    for (const { page: path, children, text } of list) {
      for (const child of children) await page(child, "", []);
      await page(path, group, children, text);
      documents.push(join(stage, path));
    }
  }
  for (const [name, text] of commands) {
    const path = `commands/${name.replace(" ", "-")}.md`;
    await page(path, "Reference", [], text);
    documents.push(join(stage, path));
  }
  const readme = join(stage, "README.md");
  await writeFile(readme, linkCommands(await readFile(join(root, "README.md"), "utf8"), "README.md", names));
  return { readme, documents };
}
