import assert from "node:assert/strict";
import { runPipeline, type Step } from "../../src/planner/pipeline.js";
import { VirtualClock } from "../support/clock.js";

interface Count {
  running: number;
  most: number;
}

describe("pipeline", () => {
  /** A step that takes `milliseconds` of simulated time a unit. */
  function timed(clock: VirtualClock, name: string, milliseconds: number, calls = 1, queue = 1): Step<number> & Count {
    const step = {
      name,
      calls,
      queue,
      running: 0,
      most: 0,
      async run(unit: number, signal: AbortSignal): Promise<number> {
        step.most = Math.max(step.most, ++step.running);
        try {
          await clock.sleep(milliseconds, signal);
        } finally {
          step.running--;
        }
        return unit;
      },
    };
    return step;
  }

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  it("overlaps two balanced steps: at least 1.6 times as fast as one after the other", async () => {
    const clock = new VirtualClock();
    const steps = [timed(clock, "decode", 10), timed(clock, "train", 10)];
    assert.equal(await clock.run(runPipeline(upTo(100), steps, () => {})), 100);
    assert.equal(clock.now(), 1010); // one after the other it would be 2000
  });

  for (const queue of [0, 1, 2]) {
    it(`is as fast as its slowest step with queues of ${queue}, whichever that is`, async () => {
      for (const [first, second, third] of [
        [10, 3, 2],
        [3, 10, 2],
        [3, 2, 10],
        [10, 10, 10],
      ]) {
        const clock = new VirtualClock();
        const times = [first, second, third];
        const steps = times.map((milliseconds, i) => timed(clock, `step ${i}`, milliseconds, 1, queue));
        await clock.run(runPipeline(upTo(100), steps, () => {}));
        assert.equal(clock.now(), 99 * 10 + first + second + third);
      }
    });
  }

  it("does many calls of a step at once, and delivers in the order of the units whatever they take", async () => {
    const clock = new VirtualClock();
    const step: Step<number> = {
      name: "uneven",
      calls: 4,
      queue: 2,
      run: async (unit) => {
        await clock.sleep(unit % 4 === 0 ? 40 : 10);
        return unit * unit;
      },
    };
    const seen: number[] = [];
    await clock.run(runPipeline(upTo(40), [step], (unit) => void seen.push(unit)));
    assert.deepEqual(
      seen,
      upTo(40).map((unit) => unit * unit),
    );
    assert.ok(clock.now() <= 440, `${clock.now()}`); // 700 one by one
  });

  it("takes no more units than calls and queues hold while the sink stalls, and goes on when it does", async () => {
    const clock = new VirtualClock();
    const steps = [timed(clock, "decode", 1, 3, 2), timed(clock, "train", 1, 1, 1)];
    let taken = 0;
    function* source(): Iterable<number> {
      for (; taken < 100; ) yield taken++;
    }
    let release = (): void => {};
    let arrived = 0;
    const stalled = new Promise<void>((resolve) => {
      release = resolve;
    });
    const run = runPipeline(source(), steps, async () => {
      if (++arrived === 5) await stalled;
    });
    await clock.advance(1000);
    // Four are through, the sink holds one; 2 results of train, 5 of decode, and train takes none without room.
    assert.deepEqual([arrived, taken, steps[0].running, steps[1].running], [5, 5 + 2 + 5, 0, 0]);
    await clock.advance(100_000);
    assert.equal(taken, 12);
    release();
    assert.equal(await clock.run(run), 100);
    assert.deepEqual([steps[0].most, steps[1].most], [3, 1]);
  });

  it("ends everything with the first error, and leaves nothing running", async () => {
    for (const failing of ["source", "decode", "train", "sink"]) {
      const clock = new VirtualClock();
      const steps = [timed(clock, "decode", 3, 4, 2), timed(clock, "train", 2)];
      let closed = false;
      function* source(): Iterable<number> {
        try {
          for (let unit = 0; unit < 50; unit++) {
            if (failing === "source" && unit === 20) throw new Error("bad source at 20");
            yield unit;
          }
        } finally {
          closed = true;
        }
      }
      const wrapped = steps.map((step): Step<number> => {
        return {
          ...step,
          run: async (unit, signal) => {
            await step.run(unit, signal);
            if (step.name === failing && unit === 20) throw new Error(`bad ${failing} at 20`);
            return unit;
          },
        };
      });
      const run = runPipeline(source(), wrapped, (unit) => {
        if (failing === "sink" && unit === 20) throw new Error("bad sink at 20");
      });
      await assert.rejects(clock.run(run), { message: `bad ${failing} at 20` });
      assert.deepEqual([steps[0].running, steps[1].running, clock.sleeping, closed], [0, 0, 0, true], failing);
    }
  });

  it("ends with the reason of an abort, also while the sink or a call stalls, after calls that do not listen", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const deaf = timed(clock, "deaf", 50);
    const steps = [
      timed(clock, "decode", 5, 2),
      { ...deaf, run: (unit: number) => deaf.run(unit, new AbortController().signal) },
    ];
    const run = runPipeline(upTo(50), steps, () => {}, { signal: controller.signal });
    let ended = false;
    run
      .catch(() => {})
      .finally(() => {
        ended = true;
      });
    await clock.advance(120);
    controller.abort(new Error("enough"));
    await clock.advance(20);
    assert.equal(ended, false, "the call that does not listen still runs");
    await assert.rejects(clock.run(run), { message: "enough" });
    assert.deepEqual([steps[0].running, deaf.running, clock.sleeping], [0, 0, 0]);
    const late = runPipeline(upTo(50), steps, () => {}, { signal: controller.signal });
    await assert.rejects(clock.run(late), { message: "enough" });
    assert.equal(clock.sleeping, 0);
  });

  it("takes no source that could stall between its units, since an abort would have to wait for it", async () => {
    async function* stalling(): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => {});
    }
    const controller = new AbortController();
    // @ts-expect-error: what takes time belongs into a step, which is told of an abort
    const run = runPipeline(stalling(), [], () => controller.abort(), { signal: controller.signal });
    await assert.rejects(run, /iterable|not a function/);
  });

  it("ends with the reason of an abort without any steps", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const run = runPipeline(
      upTo(50),
      [],
      (unit) => {
        seen.push(unit);
        if (unit === 2) controller.abort(new Error("enough"));
      },
      { signal: controller.signal },
    );
    await assert.rejects(run, { message: "enough" });
    assert.deepEqual(seen, [0, 1, 2]);
  });

  it("needs no steps and no units", async () => {
    const seen: number[] = [];
    assert.equal(await runPipeline([1, 2], [], (unit) => void seen.push(unit)), 2);
    assert.deepEqual(seen, [1, 2]);
    const clock = new VirtualClock();
    assert.equal(await clock.run(runPipeline([], [timed(clock, "decode", 1)], () => {})), 0);
  });
});
