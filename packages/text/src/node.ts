import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { TaskloomError } from '@taskloom/core/host';
import { type ConllOptions, conllRows } from './conll';
import { type CsvOptions, csvRows } from './csv';
import { type DecodeTextOptions, decodeText } from './decode-text';
import { jsonlRows } from './jsonl';
import { textRows } from './plain-text';
import type { RowStream } from './rows';

export { type DecodeTextOptions, decodeText } from './decode-text';

export type FileFormat = 'jsonl' | 'csv' | 'tsv' | 'conll' | 'text';

export interface ReadRowsOptions extends CsvOptions, DecodeTextOptions {
  /** @default what the file's name ends in: .jsonl or .ndjson, .csv, .tsv, .conll, .bio or .iob, .txt, each with .gz or without */
  readonly format?: FileFormat;
  /** Columns of a `conll` file. @default { tokens: 0, tags: -1 } */
  readonly conllColumns?: ConllOptions['columns'];
}

/** The rows of a file, streamed, and unpacked on the way where it is gzip, which its first bytes say. */
export function readRows(path: string, options: ReadRowsOptions = {}): RowStream {
  const { format = formatOf(path), name = path } = options;
  const chunks = readTextChunks(path, { ...options, name });
  if (format === 'jsonl') return jsonlRows(chunks, { ...options, name });
  if (format === 'text') return textRows(chunks, { ...options, name });
  if (format === 'conll') return conllRows(chunks, { ...options, name, columns: options.conllColumns });
  return csvRows(chunks, { delimiter: format === 'tsv' ? '\t' : ',', ...options, name });
}

/** A whole file as text, unpacked where it is gzip. `maximumLength` in UTF-16 units. @default 256 Mi */
export async function readText(path: string, { maximumLength = 2 ** 28 }: { readonly maximumLength?: number } = {}): Promise<string> {
  let text = '';
  for await (const chunk of readTextChunks(path)) {
    text += chunk;
    if (text.length > maximumLength)
      throw new TaskloomError('file_too_large', `${path} is too large.`, { name: path, expected: `at most ${maximumLength} characters` });
  }
  return text;
}

/** A file's text in pieces, as `decodeText` gives it. */
export async function* readTextChunks(path: string, options: DecodeTextOptions = {}): AsyncGenerator<string> {
  const { name = path } = options;
  try {
    if ((await stat(path)).isDirectory()) throw new TaskloomError('file_unreadable', `${name} is a folder, not a file.`, { name });
    yield* decodeText(createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>, { ...options, name });
  } catch (error) {
    if (TaskloomError.isInstance(error)) throw error;
    if ((error as { code?: unknown }).code === 'ENOENT')
      throw new TaskloomError('file_missing', `There is no file ${name}.`, { name, cause: error });
    throw new TaskloomError('file_unreadable', `${name} cannot be read: ${(error as Error).message}.`, { name, cause: error });
  }
}

const formats: Readonly<Record<string, FileFormat>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  csv: 'csv',
  tsv: 'tsv',
  conll: 'conll',
  bio: 'conll',
  iob: 'conll',
  txt: 'text',
};

function formatOf(path: string): FileFormat {
  const ending = /\.([a-z]+)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  if (ending && Object.hasOwn(formats, ending)) return formats[ending]!;
  throw new TaskloomError('format_unknown', `${path} does not say what it holds.`, {
    name: path,
    expected: '.jsonl, .ndjson, .csv, .tsv, .conll, .bio, .iob or .txt, with .gz or without',
    remedy: "Or give the option 'format'.",
  });
}
