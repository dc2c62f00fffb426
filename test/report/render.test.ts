/** The HTML of the report: complete, escaped and without other files. */
import assert from "node:assert/strict";
import type { ReportModel } from "../../src/report/model.js";
import { renderReport } from "../../src/report/render.js";

const EMPTY: ReportModel = {
  title: "Demo",
  generatedBy: "elegant-faces",
  summary: ["One.", "Two."],
  figures: [],
  watchdog: null,
  tables: [],
  sheets: [],
  losses: [],
  scores: [],
  scoresCaption: "",
  stages: [],
  machine: [],
  settings: [],
  commands: [],
  notes: [],
};

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47]);

const PICTURE = { png: PNG, width: 64, height: 48 };

const FULL: ReportModel = {
  ...EMPTY,
  figures: [{ value: "+4.1 dB", label: "gain", detail: "trained here: +3.5 dB" }],
  sheets: [
    {
      title: "Swap",
      caption: "Left: input.",
      grids: [{ columns: ["input", "swap"], rows: [[{ ...PICTURE, label: "100 %" }, PICTURE]] }],
      checkpoint: "step 3,000",
    },
    { title: "Linear", caption: "Five steps.", grids: [{ rows: [[PICTURE]] }] },
  ],
  losses: [
    { name: "total", group: "Generator", points: [{ step: 1, value: 2 }] },
    { name: "D1", group: "Discriminator", points: [{ step: 1, value: 1 }] },
    { name: "adversarial", group: "Generator", points: [{ step: 1, value: 1 }] },
  ],
  scores: [
    {
      model: "step 3,000",
      mean: { name: "All", n: 1400, wholeGain: 3.1, regionGain: 4, outside: 34.96, rightShare: 0.7, noise: 2.25 },
      rows: [
        { name: "Bangs", n: 200, wholeGain: 4.2, regionGain: 5.694, outside: 36, rightShare: 0.78, noise: 2.21 },
        { name: "Smiling", n: 1200, wholeGain: -1, regionGain: -0.5, outside: 35, rightShare: -0.04, noise: 2.26 },
      ],
    },
    { model: "step 10", mean: null, rows: [] },
  ],
  scoresCaption: "In the region.",
  stages: [
    { name: "Train", seconds: 560.3, detail: "3,000 steps" },
    { name: "Score", seconds: 31, detail: "400 pairs" },
    { name: "Draw", seconds: 0.2, detail: "2 sheets" },
  ],
  tables: [
    { title: "FID", caption: "Added / removed.", columns: ["System", "Bangs"], rows: [["this run", "1.0 / 2.0"]] },
  ],
  watchdog: { summary: "Not over: Bangs.", alarms: ["Watchdog, step 700: Bangs."] },
  machine: [{ label: "CPU", value: "Xeon" }],
  settings: [{ label: "batch", value: "16" }],
  commands: ["elegant demo --seed 1"],
  notes: ["A note."],
};

/** Replaces every text of the model, so that an unescaped one is noticed. */
function withTexts<T>(value: T, text: string): T {
  if (typeof value === "string") return text as T;
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withTexts(item, text)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTexts(item, text)])) as T;
}

describe("report", () => {
  it("needs nothing but itself", () => {
    const html = renderReport(FULL);
    assert.doesNotMatch(html, /<script|<link|https?:|url\(|@import/);
    assert.match(html, /default-src 'none'/);
  });

  it("holds the pictures as they were given, with their size and a description", () => {
    const html = renderReport(FULL);
    const [, encoded] = /src="data:image\/png;base64,([^"]+)" width="64" height="48"/.exec(html) ?? [];
    assert.deepEqual([...Buffer.from(encoded, "base64")], [...PNG]);
    const described = [...html.matchAll(/alt="([^"]*)"/g)].map(([, text]) => text);
    assert.deepEqual(described, ["input, 100 %", "swap", "Linear"]);
    assert.match(html, /Left: input\. <span class="tag">step 3,000<\/span>/);
  });

  it("names the pictures of a sheet in its own type, and lets a wide sheet scroll", () => {
    const html = renderReport(FULL).replaceAll("\n", "");
    assert.match(html, /<thead><tr><th scope="col">input<\/th><th scope="col">swap<\/th><\/tr><\/thead>/);
    assert.match(html, /<tr><td><img [^>]*><span>100\u00a0%<\/span><\/td><td><img/);
    assert.equal(html.match(/<div class="scroll" tabindex="0"[^>]*><table class="pictures/g)?.length, 2);
    // Without names, there is no empty head.
    assert.match(html, /<table class="pictures whole" style="--columns: 1"><tbody><tr><td><img/);
  });

  it("escapes every text", () => {
    const html = renderReport(withTexts(FULL, `<b>&"'`));
    assert.doesNotMatch(html, /<b>&"|<b>&amp;/);
    assert.ok(html.includes("<title>&lt;b&gt;&amp;&quot;&#39;</title>"));
  });

  it("closes every element", () => {
    const open: string[] = [];
    for (const [tag, slash, name] of renderReport(FULL).matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (["meta", "img", "br"].includes(name) || tag.endsWith("/>")) continue;
      if (slash === "") open.push(name);
      else assert.equal(name, open.pop());
    }
    assert.deepEqual(open, []);
  });

  it("leaves out what there is nothing to say about", () => {
    const html = renderReport(EMPTY);
    assert.doesNotMatch(html, /<h2>|<table|<ul/);
    assert.match(html, /<p class="lead">One\. Two\.<\/p>/);
  });

  it("links to each of its sections", () => {
    const html = renderReport(FULL);
    const links = [...html.matchAll(/href="#(\w+)"/g)].map(([, id]) => id);
    assert.deepEqual(links, [
      "pictures",
      "scores",
      "tables",
      "watchdog",
      "losses",
      "time",
      "settings",
      "machine",
      "reproduce",
      "notes",
    ]);
    for (const id of links) assert.ok(html.includes(`<section id="${id}">`));
  });

  it("draws one panel a group of losses", () => {
    const titles = [...renderReport(FULL).matchAll(/<figcaption><strong>(\w+)</g)].map(([, title]) => title);
    assert.deepEqual(titles, ["Generator", "Discriminator"]);
  });

  it("puts the means of a model before its rows, and marks gains and losses", () => {
    const html = renderReport(FULL).replaceAll("\n", "");
    const names = [...html.matchAll(/<th scope="row(?:group" colspan="8)?">(step [^<]*|All|Bangs|Smiling)<\/th>/g)];
    assert.deepEqual(
      names.map(([, name]) => name),
      ["step 3,000", "All", "Bangs", "Smiling", "step 10"],
    );
    assert.match(
      html,
      /Bangs<\/th><td class="n">200<\/td><td class="n good">\+4\.20<\/td><td class="n good">\+5\.69<\/td>/,
    );
    assert.match(html, /<td class="n">36\.0<\/td><td class="n">0\.78<\/td><td class="n">2\.2<\/td>/);
    assert.match(html, /<td class="n bad">\u22120\.50<\/td><td class="n">35\.0<\/td><td class="n">\u22120\.04<\/td>/);
  });

  it("shows what a figure is compared with", () => {
    assert.match(
      renderReport(FULL),
      /<b>\+4\.1 dB<\/b><span>gain<\/span><span class="compared">trained here: \+3\.5 dB/,
    );
  });

  it("puts each grid of a sheet under its own title, and names its pictures by it", () => {
    const grid = { columns: ["input"], rows: [[PICTURE]] };
    const grids = [
      { title: "Bangs, added", ...grid },
      { title: "Bangs, removed", ...grid },
    ];
    const html = renderReport({ ...EMPTY, sheets: [{ title: "Swaps", caption: "Unseen faces.", grids }] });
    assert.deepEqual(
      [...html.matchAll(/<h4>([^<]*)<\/h4>/g)].map(([, title]) => title),
      ["Bangs, added", "Bangs, removed"],
    );
    assert.deepEqual(
      [...html.matchAll(/alt="([^"]*)"/g)].map(([, text]) => text),
      ["Bangs, added, input", "Bangs, removed, input"],
    );
    assert.equal(html.match(/aria-label="Swaps: Bangs, (added|removed)"/g)?.length, 2);
  });

  it("adds the stages' times up", () => {
    const html = renderReport(FULL);
    assert.match(html, /Together<\/th><td class="detail"><\/td><td class="n">9 min 52 s/);
    assert.match(html, /&lt;1 %/);
  });
});
