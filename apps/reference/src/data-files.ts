import { resolve } from 'node:path';
import type { DataProvider, Row } from '@taskloom/pipeline';
import { collectRows } from '@taskloom/text';
import { readRows, readText } from '@taskloom/text/node';

/** Files below a folder: .jsonl, .ndjson, .csv, .tsv, each with .gz or without. */
export function dataFiles(root: string): DataProvider {
  return {
    async rows(path): Promise<readonly Row[]> {
      const { rows } = await collectRows(readRows(resolve(root, path), { name: path }));
      return rows.map(({ record }) => record);
    },
    text: (path) => readText(resolve(root, path)),
  };
}
