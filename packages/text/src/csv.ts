import { TaskloomError } from '@taskloom/core/host';
import Papa from 'papaparse';
import { csvRecords } from './csv-records';
import { type BadRow, batched, type Row, type RowOptions, type RowStream, rowStream, type TextChunks } from './rows';

export interface CsvOptions extends RowOptions {
  /** One character. @default ',' */
  readonly delimiter?: string;
  /** Whether `"` encloses fields; false takes every character as it stands (as in many tab-separated corpora). @default true */
  readonly quotes?: boolean;
  /** Names of the columns where the file has no header line. @default the first record */
  readonly columns?: readonly string[];
}

/** Comma- or tab-separated rows (RFC 4180; LF or CRLF; byte-order mark allowed). All values are strings; blank lines are skipped; a row with too few or too many fields is bad. */
export function csvRows(chunks: TextChunks, options: CsvOptions = {}): RowStream {
  const { delimiter = ',', quotes = true, name = 'the text' } = options;
  if (delimiter.length !== 1 || '\r\n"\ufeff'.includes(delimiter))
    throw new TaskloomError('option_invalid', 'This delimiter cannot be used.', {
      name: 'delimiter',
      got: delimiter,
      expected: 'one character, no quote and no line end',
    });
  return rowStream(async function* (maximumLineLength) {
    let columns = options.columns && checkColumns(options.columns, name);
    for await (const records of csvRecords(chunks, { delimiter, quotes, maximumLength: maximumLineLength })) {
      let rows: (Row | BadRow)[] = [];
      for (const { line, text } of records) {
        if (rows.length === batched) {
          yield rows;
          rows = [];
        }
        if (text === null) rows.push({ line, reason: `longer than ${maximumLineLength} characters` });
        else if (text !== '') {
          const fields = parseRecord(text, delimiter, quotes);
          if (columns) rows.push(rowOf(line, fields, columns));
          else if (typeof fields === 'string')
            throw new TaskloomError('header_invalid', `The header of ${name} cannot be read: ${fields}.`, { name });
          else columns = checkColumns(fields, name);
        }
      }
      yield rows;
    }
  }, options);
}

/** Fields, or what is wrong. */
function parseRecord(text: string, delimiter: string, quotes: boolean): readonly string[] | string {
  // A leading byte-order mark is the field's own here; the parser takes one away.
  const input = text.startsWith('\ufeff') ? `\ufeff${text}` : text;
  const { data, errors } = Papa.parse<string[]>(input, { delimiter, newline: '\n', ...(quotes ? {} : { fastMode: true }) });
  if (errors.length > 0) return 'quotes do not match';
  return data.length === 1 ? data[0]! : 'a field breaks the line';
}

function rowOf(line: number, fields: readonly string[] | string, columns: readonly string[]): Row | BadRow {
  if (typeof fields === 'string') return { line, reason: fields };
  if (fields.length !== columns.length) return { line, reason: `${fields.length} fields under ${columns.length} columns` };
  const record: { [column: string]: string } = Object.create(null);
  for (let i = 0; i < columns.length; i++) if (columns[i] !== '__proto__') record[columns[i]!] = fields[i]!;
  return { line, record };
}

function checkColumns(columns: readonly string[], name: string): readonly string[] {
  const seen = new Set<string>();
  const twice = columns.find((column) => seen.size === seen.add(column).size);
  if (twice !== undefined)
    throw new TaskloomError('header_invalid', `The column '${twice}' stands twice in ${name}.`, { name, got: columns });
  return columns;
}
