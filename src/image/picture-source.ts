/** Where an image's bytes are: in a file of its own, or in a range of a file that contains many. */

/** A range in bytes, from the start of the file. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export type PictureSource =
  /** An image file. */
  | { readonly path: string; readonly range?: undefined; readonly raw?: undefined }
  /** An image file within another file. `name` is the image's name in messages. */
  | { readonly path: string; readonly name: string; readonly range: ByteRange; readonly raw?: undefined }
  /** Raw pixels of a square with side `raw`: rows from the top, 8-bit RGB. */
  | { readonly path: string; readonly name: string; readonly range: ByteRange; readonly raw: number };

/** The image's name in messages. */
export function nameOf(source: PictureSource): string {
  return source.range === undefined ? source.path : `${source.path}: ${source.name}`;
}
