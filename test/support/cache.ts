/** The cache folder of commands and of the calling process. */

/** Makes `folder` the cache's home; returns what gives back the one before. */
export function useCacheHome(folder: string): () => void {
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = folder;
  return () => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  };
}
