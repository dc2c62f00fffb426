/** Loads things in their order, a few ahead of the one that is used. */
import { type Feeding, MOST_AHEAD } from "./feeding.js";

/**
 * Yields what `load` gives for 0, 1, ... `count` - 1, and keeps as many loads running ahead as `feeding` says; with 0, loading
 * and using take turns. A failed load is thrown when its turn comes. At the end, also an early one, it waits for the loads
 * that still run.
 */
export async function* prefetch<Loaded>(
  count: number,
  feeding: Pick<Feeding, "ahead">,
  load: (index: number) => Promise<Loaded>,
): AsyncGenerator<Loaded> {
  const queue: Promise<Loaded>[] = [];
  let requested = 0;
  const request = (least: number): void => {
    const ahead = Math.max(least, Math.min(feeding.ahead, MOST_AHEAD));
    for (; queue.length < ahead && requested < count; requested++) {
      const loading = load(requested);
      loading.catch(() => {}); // thrown when its turn comes
      queue.push(loading);
    }
  };
  try {
    for (;;) {
      request(1);
      const next = queue.shift();
      if (next === undefined) return;
      const loaded = await next;
      request(0);
      yield loaded;
    }
  } finally {
    await Promise.allSettled(queue);
  }
}
