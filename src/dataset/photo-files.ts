/** Where the photos of a data set are before preprocessing: in a folder, or in tar files that are read in place. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import type { PictureSource } from "../image/picture-source.js";
import { type PictureWalk, walkPictures } from "../image/walk-pictures.js";
import type { OnProgress } from "../types.js";
import { findImageDir } from "./layout.js";
import { PresentFiles } from "./present.js";
import { isTarName, readTarPhotos, type TarPhotos } from "./tar-photos.js";
import { findTars } from "./tars.js";

export interface PhotoFiles {
  /** The folder of the photos or of the tar files, or a tar file. */
  readonly place: string;
  /** The folder of CelebA's lists. */
  readonly lists: string;
  /** The names of all photos, sorted, and those of images whose kind we do not read. */
  walk(): Promise<Pick<PictureWalk, "names" | "notRead">>;
  /** Maps names in lists to names here, which may have another Unicode normalisation. */
  finder(listed: readonly string[]): Promise<(file: string) => string>;
  /** Where a photo's bytes are. @param name as finder() or walk() has it */
  locate(name: string): PictureSource;
}

/** The folder is walked only if a name can be written in several ways. */
async function findInputs(walk: PhotoFiles["walk"], files: readonly string[]): Promise<(file: string) => string> {
  const isPlain = (name: string): boolean => name.normalize("NFD") === name && name.normalize("NFC") === name;
  if (files.every(isPlain)) return (file) => file;
  const present = new PresentFiles((await walk()).names);
  return (file) => (isPlain(file) ? file : (present.find(file) ?? file));
}

function ofFolder(place: string, lists: string): PhotoFiles {
  let walked: Promise<PictureWalk> | null = null;
  const walk = (): Promise<PictureWalk> => {
    walked ??= walkPictures(place);
    return walked;
  };
  return {
    ...{ place, lists, walk },
    finder: (listed) => findInputs(walk, listed),
    locate: (name) => ({ path: join(place, name) }),
  };
}

function ofTars(place: string, lists: string, { names, notRead, ranges }: TarPhotos): PhotoFiles {
  const walk: PhotoFiles["walk"] = async () => ({ names, notRead });
  return {
    ...{ place, lists, walk },
    finder: (listed) => findInputs(walk, listed),
    // A photo that a list names and no tar file has fails like a missing file.
    locate: (name) => ranges.get(name) ?? { path: join(place, name) },
  };
}

/**
 * Paths of a folder's *.tar files; null if there are none, or if the folder has images: an archive next to what it was
 * unpacked to is not part of the data.
 */
async function tarsOf(folder: string): Promise<readonly string[] | null> {
  const entries = await readdir(folder).catch((): string[] => []);
  if (!entries.some((name) => /\.(tar(\.\w+)?|tgz)$/i.test(name))) return null;
  return (await walkPictures(folder)).names.length > 0 ? null : findTars(folder, entries);
}

export interface PhotoFilesOptions {
  /** The folder of the photos or tar files, if it has none of the usual names; within the source or absolute. */
  readonly images?: string | undefined;
  /** If true, the source itself may be the folder of the photos. */
  readonly orItself: boolean;
  /** Receives a line about images that are left out. */
  readonly onWarning?: ((line: string) => void) | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** @throws InputError for a compressed tar file: photos are read from the middle of the file */
function refuseCompressed(source: string): void {
  if (!/\.(tar\.\w+|tgz)$/i.test(source)) return;
  const remedy = `Unpack its compression, as by 'gunzip ${basename(source)}'.`;
  throw new InputError(describeMismatch(source, "a folder or a .tar file", "a compressed file", remedy));
}

/**
 * Finds the photos of `source`: in its image folder or, if it has none, in its *.tar files; or `source` is a tar file.
 * The headers of tar files are read now. @throws InputError if there are no photos, or for a damaged tar file
 */
export async function openPhotoFiles(source: string, options: PhotoFilesOptions): Promise<PhotoFiles> {
  const { images, orItself } = options;
  const found = await stat(source).catch(() => null);
  if (found?.isFile() === true && isTarName(basename(source))) {
    return ofTars(source, dirname(source), await readTarPhotos([source], options));
  }
  if (found?.isFile() === true) refuseCompressed(source);
  const folder = await findImageDir(source, images).catch((error: unknown) => {
    if (error instanceof InputError) return error;
    throw error;
  });
  const place = folder instanceof InputError ? source : folder;
  const mayHaveTars = !(folder instanceof InputError) || (images === undefined && found?.isDirectory() === true);
  const tars = mayHaveTars ? await tarsOf(place) : null;
  if (tars !== null) return ofTars(place, source, await readTarPhotos(tars, options));
  if (!(folder instanceof InputError)) return ofFolder(folder, source);
  if (!orItself || !mayHaveTars || (await walkPictures(source)).names.length === 0) throw folder;
  return ofFolder(source, source);
}
