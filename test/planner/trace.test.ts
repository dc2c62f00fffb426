import assert from "node:assert/strict";
import { parseCosts } from "../../src/planner/calibrate.js";
import { timelineFigure, traceEvents } from "../../src/planner/trace.js";
import type { Span } from "../../src/planner/types.js";

const SPANS: readonly Span[] = [
  { stage: "update", place: "device", thread: 0, start: 1_700_000_000_020.5, end: 1_700_000_000_050.5, items: 16 },
  { stage: "decode", place: "pool", thread: 3, start: 1_700_000_000_000, end: 1_700_000_000_012.25, items: 16 },
];

describe("timeline of a run", () => {
  it("is in the Trace Event format: complete events in microseconds from the first, and named threads", () => {
    const events = traceEvents(SPANS);
    const pid = process.pid;
    assert.deepEqual(events.slice(0, 2), [
      { ph: "M", name: "thread_name", pid, tid: 0, args: { name: "device (main thread)" } },
      { ph: "M", name: "thread_name", pid, tid: 3, args: { name: "worker 3" } },
    ]);
    assert.deepEqual(events.slice(2), [
      { ph: "X", name: "decode", pid, tid: 3, ts: 0, dur: 12250, args: { place: "pool", items: 16 } },
      { ph: "X", name: "update", pid, tid: 0, ts: 20500, dur: 30000, args: { place: "device", items: 16 } },
    ]);
  });

  it("is drawn with a bar for each span that says what it is, and nothing unescaped", () => {
    const svg = timelineFigure([...SPANS, { ...SPANS[1], stage: "<b>" }]);
    assert.equal(svg.match(/<rect /g)?.length, 3);
    assert.match(svg, /<title>decode: 12\.3 ms<\/title>/);
    // Names and times are the page's text: inside the drawing they would shrink with it.
    assert.doesNotMatch(svg, /<text/);
    for (const text of ["device (main thread)", "worker 3", "0.0505 s"])
      assert.ok(svg.includes(`>${text}</span>`), text);
    assert.doesNotMatch(svg, /<b>/);
  });
});

describe("costs in the cache", () => {
  const cost = { seconds: 0.01, callSeconds: 0, bytes: 1, callBytes: 2 };
  const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
  const whole = { key: "k", stages: [{ name: "decode", cost }] };

  it("are taken when they are whole and of the same machine, version and work", () => {
    assert.deepEqual(parseCosts(encode(whole), "k", [{ name: "decode" }]), new Map([["decode", cost]]));
  });

  const wrong: readonly (readonly [string, Uint8Array | null])[] = [
    ["nothing", null],
    ["no JSON", Buffer.from('{"key"')],
    ["another key", encode({ ...whole, key: "other" })],
    ["another stage", encode({ ...whole, stages: [{ name: "encode", cost }] })],
    ["a negative cost", encode({ ...whole, stages: [{ name: "decode", cost: { ...cost, seconds: -1 } }] })],
    ["a cost that is no number", encode({ ...whole, stages: [{ name: "decode", cost: { ...cost, seconds: null } }] })],
  ];
  for (const [what, bytes] of wrong) {
    it(`are measured anew for ${what}`, () => assert.equal(parseCosts(bytes, "k", [{ name: "decode" }]), null));
  }
});
