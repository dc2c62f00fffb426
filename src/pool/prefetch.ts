/** Loads things in their order, a few ahead of the one that is used. */
import { type Feeding, MOST_AHEAD } from "./feeding.js";

/**
 * Yields what `load` gives for 0, 1, ... `count` - 1, and keeps as many loads running ahead as `feeding` says. A failed load
 * is thrown when its turn comes.
 */
export async function* prefetch<Loaded>(
  count: number,
  feeding: Pick<Feeding, "ahead">,
  load: (index: number) => Promise<Loaded>,
): AsyncGenerator<Loaded> {
  const queue: Promise<Loaded>[] = [];
  let requested = 0;
  const request = (): void => {
    for (; queue.length < Math.min(feeding.ahead, MOST_AHEAD) && requested < count; requested++) {
      const loading = load(requested);
      loading.catch(() => {}); // thrown when its turn comes
      queue.push(loading);
    }
  };
  request();
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const loaded = await next;
    request();
    yield loaded;
  }
}
