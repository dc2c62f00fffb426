/** Sets the cache folder of commands and of the calling process. */

/** Uses `folder` as the cache's home. Returns a function that restores the previous one. */
export function useCacheHome(folder: string): () => void {
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = folder;
  return () => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  };
}
