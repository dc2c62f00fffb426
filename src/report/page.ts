/** The frame of our pages: one HTML file that needs no other file. */
import { escapeHtml } from "./format.js";
import { STYLE } from "./style.js";

export interface PageParts {
  /** Plain text. */
  readonly title: string;
  readonly by: string;
  /** HTML below the title, and the sections. */
  readonly header: string;
  readonly body: string;
}

export function renderPage({ title, by, header, body }: PageParts): string {
  // This policy keeps the page self-contained: it runs no script and fetches nothing.
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="by">${escapeHtml(by)}</p>
${header}</header>
${body}
</main>
</body>
</html>
`;
}
