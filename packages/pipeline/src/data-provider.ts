import { TaskloomError } from '@taskloom/core';

/** One record of a data file: a JSON object, or a CSV line under its header. */
export type Row = { readonly [column: string]: unknown };

/** Access to files, injected: a server reads folders, a browser fetches or keeps rows in memory. */
export interface DataProvider {
  /** The records of a data file, in order. */
  rows(path: string): Promise<readonly Row[]>;
  /** A whole text file; needed only for `features.kind: 'tokenizer'`. */
  text?(path: string): Promise<string>;
}

/** A provider over rows already in memory, by path. */
export function memoryData(files: { readonly [path: string]: readonly Row[] | string }): DataProvider {
  const find = (path: string) => {
    if (!Object.hasOwn(files, path))
      throw new TaskloomError('not_found', `There is no data called '${path}'.`, { name: path, expected: Object.keys(files) });
    return files[path]!;
  };
  return {
    async rows(path) {
      const rows = find(path);
      if (typeof rows === 'string') throw new TaskloomError('bad_data', `'${path}' is text, not rows.`, { name: path });
      return rows;
    },
    async text(path) {
      const text = find(path);
      if (typeof text !== 'string') throw new TaskloomError('bad_data', `'${path}' is rows, not text.`, { name: path });
      return text;
    },
  };
}

/** Where a value came from, for messages. `row` counts from 1. */
export interface Place {
  readonly file: string;
  readonly row: number;
}

export function badData(place: Place, column: string, message: string, got?: unknown, remedy?: string): TaskloomError {
  return new TaskloomError('bad_data', `${place.file}, row ${place.row}, column '${column}': ${message}`, { name: column, got, remedy });
}

/** undefined, null and '' are missing. */
export function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
