/** The documentation's site as `npm run docs` builds it: TypeDoc has no warning, no link is broken, nothing is loaded from elsewhere. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { COMMANDS } from "../src/cli/commands.js";
import { createProgram } from "../src/cli/program.js";
import { listDocuments } from "./support/documents.js";
import { withFolder } from "./support/folder.js";
import { siteProblems } from "./support/site-problems.js";
import { type Ended, fromRoot, runNode } from "./support/spawn.js";

/** The words of every command and subcommand, and its options in the help. */
function commandsOf(parent: Command, words: readonly string[] = []): readonly (readonly [string, readonly string[]])[] {
  return parent.commands.flatMap((command) => {
    const path = [...words, command.name()];
    const shown = command.options.filter(({ hidden }) => !hidden).map(({ flags }) => flags);
    return [[path.join(" "), shown] as const, ...commandsOf(command, path)];
  });
}

describe("the documentation's site", () => {
  let folder: string;
  let site: string;
  let ended: Ended;
  const page = (path: string): Promise<string> => readFile(join(site, path), "utf8");

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    site = join(folder, "site");
    ended = await runNode(fromRoot("build/docs.js"), [site]);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("is built without a warning, and leaves nothing else behind", async () => {
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    assert.doesNotMatch(ended.stdout + ended.stderr, /warning|error/i);
    assert.deepEqual(await readdir(folder), ["site"]);
  });

  it("has a page for each command, with its options", async () => {
    const commands = commandsOf(createProgram(COMMANDS));
    assert.ok(commands.length > 25);
    const names = (await readdir(join(site, "commands"))).sort();
    assert.deepEqual(names, commands.map(([words]) => `${words.replaceAll(" ", "-")}.html`).sort());
    for (const [words, flags] of commands) {
      const html = await page(`commands/${words.replaceAll(" ", "-")}.html`);
      const text = html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
      for (const flag of flags) assert.ok(text.includes(`<code>${flag}</code>`), `${words}: ${flag}`);
      assert.match(html, words === "queue" ? /queue-work\.html/ : /Examples<a|Examples<\/h2>|id="examples"/, words);
    }
  });

  it("has a page for each document and each entry point of the library", async () => {
    for (const document of await listDocuments()) {
      const path = document.replace(/^README\.md$/, "index.md").replace(/^assets\//, "models/");
      if (document === "docs/images/README.md") continue; // about the files of a folder
      assert.ok(existsSync(join(site, path.replace(/\.md$/, ".html"))), document);
    }
    assert.deepEqual((await readdir(join(site, "api/modules"))).sort(), [
      "elegant-faces.html",
      "elegant-faces_(browser).html",
    ]);
    assert.match(await page("api/functions/elegant-faces.swapMany.html"), /Gives each input face/);
  });

  it("links commands from the guides to their pages", async () => {
    assert.match(
      await page("docs/edit.html"),
      /<a href="\.\.\/commands\/align\.html"[^>]*><code>elegant align<\/code>/,
    );
    assert.match(await page("commands/edit.html"), /<a href="preprocess\.html"[^>]*><code>elegant preprocess<\/code>/);
  });

  it("has no broken link and loads nothing from other hosts", async () => {
    assert.deepEqual(await siteProblems(site), []);
  });
});

describe("problems of a site", () => {
  it("are links without a target, and scripts, styles and pictures of other hosts", async () => {
    await withFolder(async (folder) => {
      await mkdir(join(folder, "a"));
      const head = '<link rel="stylesheet" href="../style.css"><script src="https://example.org/x.js"></script>';
      const links = '<a href="../b.html#there">1</a><a href="../b.html#gone">2</a><a href="../c.html">3</a>';
      const others =
        '<a href="https://example.org/">4</a><img src="//example.org/p.png"/><a href="#own">5</a><a href="http://README.md">6</a>';
      await writeFile(
        join(folder, "a/a.html"),
        `<html><head>${head}</head><body id="own">${links}${others}</body></html>`,
      );
      await writeFile(join(folder, "b.html"), '<h1 id="there">b</h1>');
      await writeFile(join(folder, "style.css"), "@import 'https://example.org/s.css'; p { background: url(x.png) }");
      assert.deepEqual(await siteProblems(folder), [
        "a/a.html: loads https://example.org/x.js",
        "a/a.html: loads //example.org/p.png",
        "a/a.html: links http://README.md",
        "a/a.html: ../b.html#gone: no such place",
        "a/a.html: ../c.html: no such file",
        "style.css: loads https://example.org/s.css",
      ]);
    });
  });
});
