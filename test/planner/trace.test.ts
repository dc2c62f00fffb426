/** The timeline of a run, as a file and as a figure. */
import assert from "node:assert/strict";
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
