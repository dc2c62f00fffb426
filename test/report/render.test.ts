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
  figures: [{ value: "+4.1 dB", label: "gain" }],
  sheets: [
    {
      title: "Swap",
      caption: "Left: input.",
      columns: ["input", "swap"],
      rows: [{ label: "Bangs", pictures: [{ ...PICTURE, label: "100 %" }, PICTURE] }],
      checkpoint: "step 3,000",
    },
    { title: "Linear", caption: "Five steps.", rows: [{ pictures: [PICTURE] }] },
  ],
  losses: [
    { name: "total", group: "Generator", points: [{ step: 1, value: 2 }] },
    { name: "D1", group: "Discriminator", points: [{ step: 1, value: 1 }] },
    { name: "adversarial", group: "Generator", points: [{ step: 1, value: 1 }] },
  ],
  scores: [
    { attribute: "Bangs", n: 200, psnrInput: 14.212, psnrSwap: 19.9, rightShare: 0.78, checkpoint: "step 3,000" },
    { attribute: "Smiling", n: 1200, psnrInput: 21, psnrSwap: 20.5, rightShare: 0.4, checkpoint: "step 3,000" },
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

/** Every text of the model replaced, so that one left unescaped shows. */
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
    assert.deepEqual(described, ["Bangs, input, 100 %", "Bangs, swap", "Linear"]);
    assert.match(html, /Left: input\. <span class="tag">step 3,000<\/span>/);
  });

  it("names the pictures of a sheet in its own type, and lets a wide sheet scroll", () => {
    const html = renderReport(FULL).replaceAll("\n", "");
    assert.match(html, /<thead><tr><td><\/td><th scope="col">input<\/th><th scope="col">swap<\/th><\/tr><\/thead>/);
    assert.match(html, /<tr><th scope="row">Bangs<\/th><td><img [^>]*><span>100\u00a0%<\/span><\/td><td><img/);
    assert.equal(html.match(/<div class="scroll" tabindex="0"[^>]*><table class="pictures/g)?.length, 2);
    // Without names there is no empty column and no empty head.
    assert.match(html, /<table class="pictures whole"><tbody><tr><td><img/);
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
      "tables",
      "watchdog",
      "losses",
      "scores",
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

  it("sets a swap beside doing nothing and says which is nearer", () => {
    const html = renderReport(FULL).replaceAll("\n", "");
    assert.match(html, /Bangs<\/th><td class="n">200<\/td><td class="n">14\.21<\/td><td class="n">19\.90<\/td>/);
    assert.match(html, /<td class="n good">\+5\.69<\/td><td class="n">78 %<\/td>/);
    assert.match(html, /<td class="n bad">\u22120\.50<\/td>/);
  });

  it("says a common checkpoint once, different ones in their rows", () => {
    const count = (model: ReportModel): number =>
      renderReport({ ...model, sheets: [] }).match(/class="tag"/g)?.length ?? 0;
    assert.equal(count(FULL), 1);
    assert.equal(count({ ...FULL, scores: FULL.scores.map((score, i) => ({ ...score, checkpoint: `step ${i}` })) }), 2);
  });

  it("adds the stages' times up", () => {
    const html = renderReport(FULL);
    assert.match(html, /Together<\/th><td class="detail"><\/td><td class="n">9 min 52 s/);
    assert.match(html, /&lt;1 %/);
  });
});
