/** Progress lines on a terminal and elsewhere, with given times. */
import assert from "node:assert/strict";
import { createProgressPrinter, formatDuration, formatProgress } from "../../src/cli/progress.js";
import type { Progress } from "../../src/types.js";

/** A stream that records everything written to it. */
function recorder(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  let text = "";
  const write = (chunk: string): boolean => {
    text += chunk;
    return true;
  };
  return { stream: { isTTY, columns: 40, write } as unknown as NodeJS.WriteStream, text: () => text };
}

describe("progress", () => {
  it("gives times without sixty seconds or minutes", () => {
    const cases: readonly (readonly [number, string])[] = [
      [0.2, "1s"],
      [59, "59s"],
      [59.5, "1m00s"],
      [119.7, "2m00s"],
      [3599.5, "1h00m"],
      [7290, "2h01m"],
      [Number.POSITIVE_INFINITY, "?"],
    ];
    for (const [seconds, expected] of cases) assert.equal(formatDuration(seconds), expected);
  });

  it("shows the rate and the time left", () => {
    const progress = { stage: "Train", done: 300, total: 1000, unit: "steps" };
    assert.equal(formatProgress(progress, 100, 10), "Train: 300/1000 steps, 20 steps/s, 35s left");
    assert.equal(formatProgress({ ...progress, note: "G 2.3" }, 300, 10), "Train: 300/1000 steps  G 2.3");
    assert.equal(formatProgress({ ...progress, total: null }, 290, 10), "Train: 300 steps, 1.00 steps/s");
    assert.equal(formatProgress({ ...progress, done: 1000 }, 0, 10), "Train: 1000/1000 steps, 100 steps/s");
  });

  it("writes plain lines where there is no terminal, the last state of each stage at least", () => {
    const { stream, text } = recorder(false);
    const printer = createProgressPrinter(stream);
    for (let done = 1; done <= 100; done++) printer.update({ stage: "Read", done, total: 100, unit: "files" });
    printer.update({ stage: "Write", done: 1, total: 1, unit: "files" });
    printer.finish();
    const lines = text().split("\n");
    assert.match(lines[0], /^Read: 100\/100 files/);
    assert.match(lines[1], /^Write: 1\/1 files/);
    assert.equal(lines.length, 3);
    assert.ok(!text().includes("\x1b"));
  });

  it("ends with what ends first: the items or the time", () => {
    const progress = { stage: "Train", done: 300, total: 1000, unit: "steps" };
    const left = (changes: Partial<Progress>): string => formatProgress({ ...progress, ...changes }, 100, 10);
    assert.equal(left({ secondsLeft: 12 }), "Train: 300/1000 steps, 20 steps/s, 12s left");
    assert.equal(left({ secondsLeft: 600 }), "Train: 300/1000 steps, 20 steps/s, 35s left");
    assert.equal(left({ total: null, secondsLeft: 12 }), "Train: 300 steps, 20 steps/s, 12s left");
    assert.equal(left({ secondsLeft: -0.1 }), "Train: 300/1000 steps, 20 steps/s");
    assert.equal(left({ done: 1000, secondsLeft: 12 }), "Train: 1000/1000 steps, 90 steps/s");
  });

  it("prints a stage's end before other text if there is no terminal, and nothing before that end", () => {
    const { stream, text } = recorder(false);
    const printer = createProgressPrinter(stream);
    printer.update({ stage: "Read", done: 1, total: 2, unit: "files" });
    printer.clear();
    assert.equal(text(), "");
    printer.update({ stage: "Read", done: 2, total: 2, unit: "files" });
    printer.clear();
    assert.match(text(), /^Read: 2\/2 files.*\n$/);
    printer.finish();
    assert.equal(text().split("\n").length, 2);
  });

  it("gives a rate neither at a stage's end nor before there is one", () => {
    const { stream, text } = recorder(false);
    const printer = createProgressPrinter(stream);
    printer.update({ stage: "Read", done: 1, total: 90, unit: "files" });
    printer.update({ stage: "Read", done: 80, total: 90, unit: "files" });
    printer.update({ stage: "Read", done: 90, total: 90, unit: "files" });
    printer.update({ stage: "Write", done: 80, total: 90, unit: "files" });
    printer.finish();
    assert.equal(text(), "Read: 90/90 files\nWrite: 80/90 files\n");
  });

  it("leaves the last word to an error, and to text that is newer", () => {
    for (const isTTY of [false, true]) {
      const { stream, text } = recorder(isTTY);
      const printer = createProgressPrinter(stream);
      printer.update({ stage: "Read", done: 2, total: 2, unit: "files" });
      printer.abandon();
      printer.update({ stage: "Write", done: 1, total: 2, unit: "files" });
      printer.finish();
      assert.equal(text(), "");
    }
    const { stream, text } = recorder(false);
    const printer = createProgressPrinter(stream);
    printer.update({ stage: "run", done: 7, total: null, unit: "batches" });
    printer.clear();
    printer.finish();
    assert.equal(text(), "");
  });

  it("redraws one line on a terminal, cut to its width, and leaves the line free for others", () => {
    const { stream, text } = recorder(true);
    const printer = createProgressPrinter(stream);
    printer.update({ stage: "Read", done: 1, total: 2, unit: "files", note: "x".repeat(80) });
    printer.finish();
    assert.equal(text(), `\r\x1b[2K${"Read: 1/2 files  ".padEnd(38, "x")}~\n`);
  });
});
