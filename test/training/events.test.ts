/** The event files of a run, which TensorBoard reads: names, order, scalars and pictures. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { EventWriter } from "../../src/training/events.js";
import { withFolder } from "../support/folder.js";
import { bytesOf, type Field, readFields, readRecords } from "../support/tfevents.js";

const decoder = new TextDecoder();
const now = (): number => 1_700_000_000.5;

async function events(path: string): Promise<Field[][]> {
  return readRecords(await readFile(path)).map(readFields);
}

function summaryValues(event: readonly Field[]): Field[][] {
  return readFields(bytesOf(event, 5)).map(([, value]) => readFields(value as Uint8Array));
}

describe("event files", () => {
  it("are named so that TensorBoard finds them and reads them in time's order", () =>
    withFolder(async (folder) => {
      const first = await EventWriter.open(join(folder, "run"), { now });
      const second = await EventWriter.open(join(folder, "run"), { now });
      await first.close();
      await second.close();
      assert.match(basename(first.path), /^events\.out\.tfevents\.1700000000\.[\w.-]+\.0$/);
      assert.deepEqual(await readdir(join(folder, "run")), [basename(first.path), basename(second.path)]);
    }));

  it("begin with the version, at the time of opening", () =>
    withFolder(async (folder) => {
      const writer = await EventWriter.open(folder, { now });
      await writer.close();
      const [version] = await events(writer.path);
      assert.equal(decoder.decode(bytesOf(version, 3)), "brain.Event:2");
      assert.equal(new DataView(bytesOf(version, 1).buffer).getFloat64(0, true), 1_700_000_000.5);
    }));

  it("hold the points of a step together", () =>
    withFolder(async (folder) => {
      const writer = await EventWriter.open(folder, { now });
      await writer.scalars(300, { "loss/generator": 2.25, "loss/reconstruction": -0.5 });
      await writer.close();
      const [, event] = await events(writer.path);
      assert.deepEqual(event[1], [2, 300n]);
      const points = summaryValues(event).map((value) => [
        decoder.decode(bytesOf(value, 1)),
        new DataView(bytesOf(value, 2).buffer).getFloat32(0, true),
      ]);
      assert.deepEqual(points, [
        ["loss/generator", 2.25],
        ["loss/reconstruction", -0.5],
      ]);
    }));

  it("hold pictures with their size and their file", () =>
    withFolder(async (folder) => {
      const png = Uint8Array.from({ length: 300 }, (_, i) => i);
      const writer = await EventWriter.open(folder, { now });
      await writer.image(2 ** 33, "swap/Bangs", png, 640, 128);
      await writer.close();
      const [, event] = await events(writer.path);
      assert.deepEqual(event[1], [2, 2n ** 33n]);
      const [value] = summaryValues(event);
      assert.equal(decoder.decode(bytesOf(value, 1)), "swap/Bangs");
      assert.deepEqual(readFields(bytesOf(value, 4)), [
        [1, 128n],
        [2, 640n],
        [3, 3n],
        [4, png],
      ]);
    }));

  it("keep the order of calls that overlap", () =>
    withFolder(async (folder) => {
      const writer = await EventWriter.open(folder);
      await Promise.all(Array.from({ length: 50 }, (_, step) => writer.scalars(step, { x: step })));
      await writer.close();
      const steps = (await events(writer.path)).slice(1).map((event) => event[1][1]);
      assert.deepEqual(
        steps,
        Array.from({ length: 50 }, (_, step) => BigInt(step)),
      );
    }));

  it("say where a resumed run begins", () =>
    withFolder(async (folder) => {
      const writer = await EventWriter.open(folder, { now, resumedFrom: 200 });
      await writer.close();
      const [, start] = await events(writer.path);
      assert.deepEqual(start[1], [2, 201n]);
      assert.deepEqual(readFields(bytesOf(start, 7)), [[1, 1n]]);
    }));

  it("refuse a step that is no count", () =>
    withFolder(async (folder) => {
      const writer = await EventWriter.open(folder);
      await assert.rejects(writer.scalars(-1, { x: 0 }), /step: expected an integer from 0, received -1/);
      await writer.close();
    }));
});
