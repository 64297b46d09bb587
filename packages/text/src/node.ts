import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TaskloomError } from '@taskloom/core/host';
import { type CsvOptions, csvRows } from './csv';
import { jsonlRows } from './jsonl';
import type { RowStream } from './rows';

export interface ReadRowsOptions extends CsvOptions {
  /** @default what the file's name ends in: .jsonl or .ndjson, .csv, .tsv, each with .gz or without */
  readonly format?: 'jsonl' | 'csv' | 'tsv';
}

/** The rows of a file, streamed; `.gz` is unpacked on the way. */
export function readRows(path: string, options: ReadRowsOptions = {}): RowStream {
  const { format = formatOf(path), name = path } = options;
  const chunks = readTextChunks(path);
  if (format === 'jsonl') return jsonlRows(chunks, { ...options, name });
  return csvRows(chunks, { delimiter: format === 'tsv' ? '\t' : ',', ...options, name });
}

/** A whole file as text, unpacked where its name ends in `.gz`. `maximumLength` in UTF-16 units. @default 256 Mi */
export async function readText(path: string, { maximumLength = 2 ** 28 }: { readonly maximumLength?: number } = {}): Promise<string> {
  let text = '';
  for await (const chunk of readTextChunks(path)) {
    text += chunk;
    if (text.length > maximumLength)
      throw new TaskloomError('file_too_large', `${path} is too large.`, { name: path, expected: `at most ${maximumLength} characters` });
  }
  return text;
}

/** A file's text in pieces: UTF-8, without its byte-order mark, unpacked where its name ends in `.gz`. Bytes that are not UTF-8 are `file_unreadable`. */
export async function* readTextChunks(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    if ((await stat(path)).isDirectory()) throw new TaskloomError('file_unreadable', `${path} is a folder, not a file.`, { name: path });
    const bytes = createReadStream(path, { highWaterMark: 1 << 18 });
    const source = /\.gz$/i.test(path) ? pipeline(bytes, createGunzip(), () => {}) : bytes;
    for await (const chunk of source) yield decoder.decode(chunk as Uint8Array, { stream: true });
    yield decoder.decode();
  } catch (error) {
    throw fileError(path, error);
  }
}

function formatOf(path: string): 'jsonl' | 'csv' | 'tsv' {
  const ending = /\.(jsonl|ndjson|csv|tsv)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  if (ending === 'csv' || ending === 'tsv') return ending;
  if (ending) return 'jsonl';
  throw new TaskloomError('format_unknown', `${path} does not say what it holds.`, {
    name: path,
    expected: '.jsonl, .ndjson, .csv or .tsv, with .gz or without',
    remedy: "Or give the option 'format'.",
  });
}

function fileError(path: string, error: unknown): unknown {
  if (TaskloomError.isInstance(error)) return error;
  const code = (error as { code?: unknown }).code;
  if (code === 'ENOENT') return new TaskloomError('file_missing', `There is no file ${path}.`, { name: path, cause: error });
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return new TaskloomError('file_unreadable', `${path} is not UTF-8.`, { name: path, remedy: 'Save it as UTF-8.', cause: error });
  if (typeof code === 'string' && code.startsWith('Z_'))
    return new TaskloomError('file_unreadable', `${path} is not a whole gzip file.`, { name: path, cause: error });
  return new TaskloomError('file_unreadable', `${path} cannot be read: ${(error as Error).message}.`, { name: path, cause: error });
}
