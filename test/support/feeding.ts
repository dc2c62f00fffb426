/** Numbers of threads and of batches ahead that change with every piece of work, and a record of the reports about it. */
import type { Feeding } from "../../src/pool/feeding.js";

export interface Recorded {
  readonly feeding: Feeding;
  /** Number of items by stage. */
  readonly items: Map<string, number>;
  units(): number;
}

export function changingFeeding(most: number): Recorded {
  const items = new Map<string, number>();
  let [asked, units] = [0, 0];
  return {
    items,
    units: () => units,
    feeding: {
      most,
      get workers() {
        return 1 + (asked++ % most);
      },
      get ahead() {
        return 1 + ((asked++ * 2) % 5); // more than the allowed number, too
      },
      onTimes(seconds, count) {
        for (const stage of Object.keys(seconds)) items.set(stage, (items.get(stage) ?? 0) + count);
      },
      onUnit(count) {
        units += count;
      },
    },
  };
}
