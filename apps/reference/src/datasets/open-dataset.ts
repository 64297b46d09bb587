/** A public data set that `data fetch` knows: where it comes from, and how its files become the ones that a config reads. */
export interface OpenDataset {
  readonly name: string;
  readonly title: string;
  /** On GitHub, `owner/name`. */
  readonly repository: string;
  /** Commit, and where that is not to be had, what to try next. The contents are checked either way. */
  readonly refs: readonly string[];
  /** The folder of the repository that the paths of `files` start from. */
  readonly folder: string;
  /** What the origin says about its use. */
  readonly licence: string;
  readonly files: readonly OutputFile[];
}

/** A file to be written. */
export interface OutputFile {
  /** Below the folder that is written; `.gz` is compressed. */
  readonly path: string;
  /** Files of the origin that it is made of. */
  readonly from: readonly string[];
  /** Its text, uncompressed; throws `bad_data` for what it cannot read. */
  convert(texts: readonly string[]): string;
  /** SHA-256 of that text (UTF-8), where it is known. */
  readonly sha256?: string;
  /** Lines of that text, where they are known. */
  readonly lines?: number;
}

/** Lines of a text; the end of line after the last one does not begin another. */
export function linesOf(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
