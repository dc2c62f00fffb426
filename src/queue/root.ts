/** Keeps a worker's jobs within a folder, whatever links and `..` their paths contain. */
import { lstat, readdir, readlink, realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, parse, relative, sep } from "node:path";
import { describeMismatch, InputError } from "../errors.js";

/** Largest number of links that Linux follows on one path. */
const MOST_LINKS = 40;

/**
 * The path that the file system reaches for `path` from the folder `base`. It follows each link when it meets it, and
 * `..` leads out of the folder that the link led to. The part of the path that does not exist yet is kept unchanged.
 * @param base absolute
 * @throws InputError for links that form a circle, and for folders that cannot be read
 */
export async function followLinks(base: string, path: string): Promise<string> {
  let left = MOST_LINKS;
  const follow = async (start: string, rest: string): Promise<string> => {
    let at = isAbsolute(rest) ? parse(rest).root : start;
    for (const part of rest
      .slice(isAbsolute(rest) ? parse(rest).root.length : 0)
      .split(sep === "\\" ? /[\\/]+/ : "/")) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        at = dirname(at);
        continue;
      }
      const next = join(at, part);
      const target = await readLink(next);
      if (target === null) at = next;
      else if (left-- === 0) throw new InputError(`${path}: expected a path, received links in a circle.`);
      else at = await follow(at, target);
    }
    return at;
  };
  return follow(await follow(parse(base).root, base), path);
}

/** Folders that commands enter on their own, below a folder that they are given (src/dataset/layout.ts). */
const GONE_INTO = /^(images|data|img_celeba|img_align_celeba|Img|Anno|Eval|shards|part-\d+-of-\d+)$/;

/** The links among these folders, such as OUT/images or SRC/Img/img_celeba. Empty if `folder` is not a folder. */
export async function linksWithin(folder: string, deep = true): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const goneInto = entries.filter(({ name }) => GONE_INTO.test(name));
  const links = goneInto.filter((entry) => entry.isSymbolicLink()).map(({ name }) => join(folder, name));
  const below = deep ? goneInto.filter((entry) => entry.isDirectory()) : [];
  const further = await Promise.all(below.map(({ name }) => linksWithin(join(folder, name), name.startsWith("part-"))));
  return [...links, ...further.flat()];
}

/** A worker's folder, with links resolved. @throws InputError if it is not a folder */
export async function openRoot(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) return realpath(path);
  const received = found === null ? "nothing there" : "a file";
  throw new InputError(describeMismatch(`--root ${path}`, "a folder", received, "Name the folder of the data."));
}

/** The target of a link; null for anything else, and if nothing exists. */
async function readLink(path: string): Promise<string | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new InputError(`${path}: expected a path that can be looked at, received ${String(code)}.`, { cause: error });
  }
}

/**
 * True if `path`, read from the folder `base`, is `root` or below it. This must hold both as the file system follows
 * the path and as it is written, because programs may remove `a/..` before the file system sees it.
 * @param root  without links, as returned by followLinks()
 * @param base  absolute
 */
export async function isWithin(root: string, base: string, path: string): Promise<boolean> {
  const ways = [await followLinks(base, path), await followLinks(base, normalize(path))];
  return ways.every((way) => {
    const from = relative(root, way);
    return from !== ".." && !from.startsWith(`..${sep}`) && !isAbsolute(from);
  });
}
