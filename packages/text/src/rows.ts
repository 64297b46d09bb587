import { type Json, TaskloomError } from '@taskloom/core/host';

/** One row of a file. `record` has no prototype and never a key `__proto__`: a missing column is `undefined`, whatever its name. */
export interface Row {
  /** The line on which the row begins, from 1. */
  readonly line: number;
  readonly record: { readonly [column: string]: Json | undefined };
}

export interface BadRow {
  readonly line: number;
  readonly reason: string;
}

export interface RowOptions {
  /** The file's name, for messages. */
  readonly name?: string;
  /** With more bad rows than this the reading ends with `rows_invalid`, naming the first ten. @default 0 */
  readonly maximumBadRows?: number;
  /** A longer line (UTF-16 units) is a bad row and is never held whole. @default 1,048,576 */
  readonly maximumLineLength?: number;
  /** More good rows than this are `too_many_rows`. @default 10,000,000 */
  readonly maximumRows?: number;
}

export interface RowReport {
  /** Good rows given so far. */
  readonly rows: number;
  /** Bad rows left out so far. */
  readonly bad: number;
  /** The first ten of them. */
  readonly firstBad: readonly BadRow[];
}

/** Rows in the order of the file, read as they are asked for. May be walked through once. */
export interface RowStream extends AsyncIterable<Row> {
  /** What has been read so far; final once the walk has ended. */
  readonly report: RowReport;
}

/** Text in pieces of any size: one string, strings, or what a decoder streams. */
export type TextChunks = string | Iterable<string> | AsyncIterable<string>;

/** All rows of a stream and the report on those left out. */
export async function collectRows(stream: RowStream): Promise<{ rows: Row[]; report: RowReport }> {
  const rows: Row[] = [];
  for await (const row of stream) rows.push(row);
  return { rows, report: stream.report };
}

/** Rows that a parser gives at a time, however long the piece of text: those behind the end of a reading are not parsed. */
export const batched = 1000;

/** So many rows are looked at for ten bad ones to show. */
const searched = 10_000;

/** Counts what a parser finds, lets good rows through, and ends the reading past the limits. */
export function rowStream(
  parse: (maximumLineLength: number) => AsyncIterable<readonly (Row | BadRow)[]>,
  options: RowOptions = {},
): RowStream {
  const { name = 'the text', maximumBadRows = 0, maximumLineLength = 1 << 20, maximumRows = 10_000_000 } = options;
  const firstBad: BadRow[] = [];
  let rows = 0;
  let bad = 0;
  let left = searched;
  async function* walk(): AsyncGenerator<Row> {
    for await (const found of parse(maximumLineLength)) {
      for (const row of found) {
        if (!('record' in row)) {
          bad++;
          if (firstBad.length < 10) firstBad.push(row);
          if (bad > maximumBadRows && bad >= 10) throw tooManyBad(name, maximumBadRows, firstBad);
        } else if (bad <= maximumBadRows) {
          if (++rows > maximumRows) throw tooManyRows(name, maximumRows);
          yield row;
        } else if (--left === 0) throw tooManyBad(name, maximumBadRows, firstBad);
      }
    }
    // Past the limit no more rows are given, but reading goes on for a while, until there are ten to show.
    if (bad > maximumBadRows) throw tooManyBad(name, maximumBadRows, firstBad);
  }
  return {
    [Symbol.asyncIterator]: walk,
    get report() {
      return { rows, bad, firstBad: [...firstBad] };
    },
  };
}

function tooManyRows(name: string, maximumRows: number): TaskloomError {
  return new TaskloomError('too_many_rows', `${name} has more rows than allowed.`, {
    name,
    expected: `at most ${maximumRows}`,
    remedy: 'Raise maximumRows if this is meant.',
  });
}

function tooManyBad(name: string, allowed: number, firstBad: readonly BadRow[]): TaskloomError {
  const list = firstBad.map(({ line, reason }) => `line ${line}: ${reason}`).join('; ');
  return new TaskloomError(
    'rows_invalid',
    `${name} has ${allowed === 0 ? 'rows that cannot be read' : `more than ${allowed} rows that cannot be read`} (${list}).`,
    {
      name,
      remedy: allowed === 0 ? 'Mend them, or set maximumBadRows to leave them out.' : 'Mend them, or raise maximumBadRows.',
    },
  );
}
