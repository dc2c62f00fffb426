/** The same photos in tar files and in folders. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type PhotoKind, paintedFiles, writePhotos } from "./detectable.js";
import { type TarEntry, tarOf } from "./packed.js";

export const PHOTOS: Readonly<Record<string, Readonly<Record<string, PhotoKind>>>> = {
  "00000": { "000000012.jpg": "two", "000000013.jpg": "one", "sub/a-2.jpg": "one", "000000014.jpg": "none" },
  "00001": { "000000012.jpg": "one", "000000020.jpg": "two" },
};

/** Writes the photos to `folder`/tars as img2dataset does, and to `folder`/plain in folders named like the tar files. */
export async function writeBoth(folder: string): Promise<{ readonly tars: string; readonly plain: string }> {
  const [tars, plain] = [join(folder, "tars"), join(folder, "plain")];
  const files = await paintedFiles();
  await mkdir(tars);
  for (const [stem, photos] of Object.entries(PHOTOS)) {
    const entries = Object.entries(photos).flatMap(([name, kind]): TarEntry[] => [
      { name, bytes: files[kind] },
      { name: name.replace("jpg", "txt"), bytes: "a caption" },
      { name: name.replace("jpg", "json"), bytes: "{}" },
    ]);
    await writeFile(join(tars, `${stem}.tar`), await tarOf(entries));
    await writeFile(join(tars, `${stem}_stats.json`), "{}");
    await writePhotos(join(plain, stem), photos);
  }
  const labels = "2\nBangs\n00000/000000012.jpg 1\n00001/000000020.jpg -1\n";
  for (const dir of [tars, plain]) await writeFile(join(dir, "list_attr_celeba.txt"), labels);
  return { tars, plain };
}
