/** The links between our documents: every one leads to a file that exists and to a heading that it has. */
import assert from "node:assert/strict";
import { listDocuments, markdownBelow } from "./support/documents.js";
import { anchorsOf, brokenLinks, linksOf } from "./support/links.js";

describe("links between documents", () => {
  it("lead to files and headings that exist", async () => {
    const documents = [...(await listDocuments()), ...(await markdownBelow("bench/notes")), "CHANGELOG.md"];
    assert.ok(documents.length >= 20, `${documents.length} documents`);
    assert.deepEqual(
      documents.flatMap((document) => brokenLinks(document)),
      [],
    );
  });

  it("are found in text, in pictures, by reference and in HTML, but not in code", () => {
    const text = '[a](a.md) ![b](b.png "title") `[c](c.md)` <img src="d.png">\n\n```\n[e](e.md)\n```\n\n[f]: f.md\n';
    assert.deepEqual(linksOf(text), ["a.md", "b.png", "f.md", "d.png"]);
  });

  it("have anchors as GitHub makes them", () => {
    const text =
      "# What in `modern` is not the paper's\n## `--method` UNIT: [a](b.md), 1 % *of* x_y\n```\n# no\n```\n## Same\n## Same\n";
    assert.deepEqual(
      [...anchorsOf(text)],
      ["what-in-modern-is-not-the-papers", "--method-unit-a-1--of-x_y", "same", "same-1"],
    );
  });

  it("are reported if their file or heading is missing", () => {
    const files: Readonly<Record<string, string>> = {
      "docs/a.md": "[b](b.md#there) [c](b.md#gone) [d](../d.md) [e](#own) [f](https://example.org/x#y)\n# Own\n",
      "docs/b.md": "# There\n",
    };
    assert.deepEqual(
      brokenLinks("docs/a.md", (path) => files[path] ?? null),
      ["docs/a.md: b.md#gone: no such heading", "docs/a.md: ../d.md: no such file"],
    );
  });
});
