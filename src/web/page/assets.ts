/** Reads the page's own files. Models are kept by the browser's Cache API, so that they are downloaded once. */

/** Changes with each build, so that a new version does not read files of an old one. */
declare const BUILD: string;

const CACHE = `elegant-faces ${BUILD}`;

export type OnDownload = (share: number) => void;

const urlOf = (path: string): URL => new URL(path, import.meta.url);

/** Removes what earlier versions have kept. */
async function openCache(): Promise<Cache | null> {
  if (!("caches" in globalThis)) return null; // only pages of https and of this machine have it
  try {
    for (const name of await caches.keys()) {
      if (name.startsWith("elegant-faces ") && name !== CACHE) await caches.delete(name);
    }
    return await caches.open(CACHE);
  } catch {
    return null; // the browser allows no storage
  }
}

/** Reads a body and reports its progress. */
async function readBody(response: Response, onDownload: OnDownload): Promise<Uint8Array> {
  const total = Number(response.headers.get("content-length"));
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(await response.arrayBuffer());
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    if (total > 0) onDownload(Math.min(1, length / total));
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Reads a small file. @throws Error if it cannot be downloaded */
export async function readFile(path: string): Promise<Uint8Array> {
  const response = await fetch(urlOf(path));
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Reads a large file from the cache, or downloads and keeps it. @throws Error if it cannot be downloaded */
export async function readKept(path: string, onDownload: OnDownload = () => {}): Promise<Uint8Array> {
  const url = urlOf(path);
  const cache = await openCache();
  const kept = await cache?.match(url);
  if (kept !== undefined) return new Uint8Array(await kept.arrayBuffer());
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  const bytes = await readBody(response, onDownload);
  // The page works without the copy, so a full disk is not an error.
  await cache?.put(url, new Response(new Uint8Array(bytes))).catch(() => {});
  return bytes;
}
