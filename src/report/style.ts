/** The page's style sheet: system fonts, light and dark mode, narrow screens and paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --card: #ffffff; --ink: #1d2026; --muted: #626872; --line: #e3e4e7; --track: #ececef;
  --accent: #2763a5; --good: #1f7a4d; --bad: #b3372b;
  --s0: #2763a5; --s1: #d0602a; --s2: #2f8a5b; --s3: #8a55b0; --s4: #a67a12; --s5: #4a8c9b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171b; --card: #1d2025; --ink: #e6e7ea; --muted: #9ea4ae; --line: #31353c; --track: #2b2f36;
    --accent: #7ab2ee; --good: #6cc794; --bad: #f08a7c;
    --s0: #6facec; --s1: #ee9560; --s2: #6cc794; --s3: #c496e4; --s4: #dbb452; --s5: #7cc3d2;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 80rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: clamp(1.6rem, 1.2rem + 1.8vw, 2.2rem); line-height: 1.2; letter-spacing: -0.015em; margin: 0; text-wrap: balance; }
h2 { font-size: 1.25rem; letter-spacing: -0.01em; margin: 3rem 0 0.75rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 0.25rem; }
p { margin: 0 0 0.75rem; max-width: 46rem; }
.muted, .by { color: var(--muted); font-size: 0.875rem; }
.by { margin: 0.4rem 0 1.25rem; }
.lead { font-size: 1.0625rem; }
.num, td.n, th.n, dd, .figures b { font-variant-numeric: tabular-nums; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 0.2em; }
nav { font-size: 0.875rem; display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; margin-top: 1.25rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.75rem; margin: 1.25rem 0 0; padding: 0; list-style: none; }
.figures li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.8rem 1rem; }
.figures b { display: block; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
.figures span { color: var(--muted); font-size: 0.8125rem; line-height: 1.35; display: block; }
.figures .compared { color: var(--ink); margin-top: 0.25rem; }
figure { margin: 0; }
.sheet { margin: 0 0 2.5rem; }
.sheet p { font-size: 0.9375rem; }
.grids { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 1.25rem 1.75rem; }
.part { min-width: 0; }
.part h4 { font-size: 0.9375rem; font-weight: 550; margin: 0; }
.part .scroll { margin-top: 0.25rem; }
.pictures { table-layout: fixed; width: 100%; min-width: calc(var(--columns) * 3.6rem); max-width: calc(var(--columns) * 8.375rem); border-collapse: separate; border-spacing: 0; font-size: 0.8125rem; line-height: 1.3; }
/* More columns than fit a narrow screen scroll, so that they can be wider. */
.pictures.many { min-width: calc(var(--columns) * 5rem); }
.pictures th, .pictures td { border: 0; padding: 0 0.375rem 0.375rem 0; text-align: center; vertical-align: middle; font-weight: 400; color: var(--muted); }
.pictures td:last-child, .pictures th:last-child { padding-right: 0.375rem; }
.pictures thead th { font-size: inherit; vertical-align: bottom; padding-bottom: 0.25rem; }
.pictures img { display: block; width: 100%; max-width: 8rem; height: auto; max-height: 9rem; object-fit: contain; margin: 0 auto; border-radius: 2px; }
.pictures.whole { table-layout: auto; width: auto; max-width: none; }
.pictures.whole img { width: auto; max-width: none; max-height: none; }
.pictures tr:has(span) td { vertical-align: top; }
.pictures span { display: block; padding: 0.2rem 0 0.3rem; }
.tag { display: inline-block; border: 1px solid var(--line); border-radius: 999px; padding: 0 0.6rem; color: var(--muted); font-size: 0.8125rem; white-space: nowrap; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 23rem), 1fr)); gap: 1rem; }
.panel { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.85rem 0.9rem 0.5rem; min-width: 0; }
.panel figcaption { font-size: 0.875rem; }
.panel > svg { display: block; width: 100%; height: auto; margin-top: 0.35rem; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0.1rem 0 0; padding: 0; color: var(--muted); font-size: 0.8125rem; }
.legend .num { color: var(--ink); }
.key { display: inline-block; width: 0.9rem; height: 3px; border-radius: 2px; margin-right: 0.4rem; vertical-align: middle; background: currentColor; }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); } .s3 { color: var(--s3); } .s4 { color: var(--s4); } .s5 { color: var(--s5); }
polyline { fill: none; stroke: currentColor; stroke-linejoin: round; stroke-linecap: round; }
.raw { stroke-width: 1; opacity: 0.28; }
.mean { stroke-width: 2; }
.dot { fill: currentColor; }
.grid { stroke: var(--line); stroke-width: 1; }
.axis { stroke: var(--muted); stroke-width: 1; }
.tick { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.end { text-anchor: end; } .mid { text-anchor: middle; }
.scroll { overflow-x: auto; }
.scroll + h3, p + h3, dl + h3 { margin-top: 2rem; }
.scroll + p { margin-top: 0.75rem; }
.panels, .scroll, dl, pre { margin-top: 0.75rem; }
.lanes { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.35rem 0.9rem; align-items: center; margin: 0.6rem 0 0.4rem; font-size: 0.8125rem; color: var(--muted); }
.lanes svg { display: block; width: 100%; height: 1.125rem; overflow: visible; }
.lanes .grid { vector-effect: non-scaling-stroke; }
.times { position: relative; height: 1.25rem; grid-column: 2; font-variant-numeric: tabular-nums; }
.times span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.times span:first-child { transform: none; } .times span:last-child { transform: translateX(-100%); }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
th, td { text-align: left; padding: 0.5rem 0.75rem 0.5rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--muted); font-size: 0.8125rem; font-weight: 500; vertical-align: bottom; line-height: 1.3; }
tbody th { font-weight: 550; }
.scores .group th { padding-top: 1.25rem; color: var(--accent); }
.scores tbody th { font-weight: 400; }
.scores .group th, .scores .mean th, .scores .mean td { font-weight: 650; }
td.n, th.n { text-align: right; white-space: nowrap; }
.heat { width: auto; margin-top: 0.75rem; table-layout: fixed; }
.heat th, .heat td { border: 0; padding: 0.2rem 0.35rem; font-size: 0.8125rem; font-weight: 400; overflow-wrap: anywhere; }
.heat tbody th { color: var(--muted); text-align: right; vertical-align: middle; padding-left: 0; }
.heat td { position: relative; isolation: isolate; min-width: 3rem; height: 2.5rem; text-align: center; vertical-align: middle; border: 2px solid var(--paper); background: var(--track); font-variant-numeric: tabular-nums; }
.heat td::before { content: ""; position: absolute; inset: 0; z-index: -1; background: var(--accent); opacity: var(--share); }
.heat td.strong { color: var(--paper); }
.heat thead th { text-align: center; }
tfoot th, tfoot td { border-bottom: 0; font-weight: 600; }
td.b { width: 24%; min-width: 4.5rem; vertical-align: middle; }
.bar { display: block; width: 100%; height: 10px; border-radius: 3px; overflow: hidden; }
.track { fill: var(--track); } .fill { fill: var(--accent); }
.good { color: var(--good); } .bad { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1.5rem; margin: 0; font-size: 0.9375rem; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.85rem 1rem; overflow-x: auto; margin: 0; font: 0.875rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
ul.notes { margin: 0; padding-left: 1.2rem; max-width: 46rem; }
ul.notes li { margin-bottom: 0.4rem; }
@media (max-width: 36rem) {
  main { padding: 1.5rem 1rem 3rem; }
  h2 { margin-top: 2.25rem; }
  .figures { grid-template-columns: 1fr 1fr; }
  .detail, .times span:nth-child(even) { display: none; }
  .pictures, .lanes { font-size: 0.8125rem; }
  .pictures th, .pictures td, .pictures td:last-child, .pictures th:last-child { padding-right: 0.25rem; }
  .pictures thead th { font-size: 0.75rem; }
  .scores { font-size: 0.8125rem; }
  .scores th, .scores td { padding-right: 0.35rem; }
  table { font-size: 0.875rem; }
  th, td { padding-right: 0.5rem; }
  thead th.n { white-space: normal; }
  .under { display: block; color: var(--muted); font-weight: 400; font-size: 0.8125rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.5rem; }
}
@media (min-width: 36.01rem) { .under { display: none; } }
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --muted: #444; --line: #ccc; --track: #e8e8e8; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  figure, .figures, tr, dl, pre { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .bar, .key, .heat td, .heat td::before, .pictures img { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  pre { white-space: pre-wrap; }
}
`;
