import { textLines } from './lines';
import { type BadRow, type Row, type RowOptions, type RowStream, rowStream, type TextChunks } from './rows';

export interface ConllOptions extends RowOptions {
  /** Names of the columns to keep, with their places; negative ones count from the last. @default { tokens: 0, tags: -1 } */
  readonly columns?: { readonly [name: string]: number };
}

/**
 * CoNLL's column format: a token a line, columns parted by spaces or tabs, sentences by blank lines. Each sentence is a row of one array a column, such as
 * `{ tokens: ['in', 'Rome'], tags: ['O', 'B-place'] }`. Sentences that begin with `-DOCSTART-` are left out; one with lines of different numbers of columns is bad.
 */
export function conllRows(chunks: TextChunks, options: ConllOptions = {}): RowStream {
  const columns = Object.entries(options.columns ?? { tokens: 0, tags: -1 });
  return rowStream(async function* (maximumLineLength) {
    let sentence: string[][] = [];
    let begun = 0;
    let length = 0;
    let fault: BadRow | undefined;
    const finish = (): (Row | BadRow)[] => {
      const lines = sentence;
      const bad = fault;
      sentence = [];
      fault = undefined;
      length = 0;
      if (bad) return [bad];
      if (lines.length === 0 || lines[0]![0] === '-DOCSTART-') return [];
      const record: { [column: string]: string[] } = Object.create(null);
      for (const [name, place] of columns) record[name] = lines.map((fields) => fields.at(place)!);
      return [{ line: begun, record }];
    };
    for await (const lines of textLines(chunks, maximumLineLength)) {
      const rows: (Row | BadRow)[] = [];
      for (const { line, text } of lines) {
        const fields = text?.split(/[ \t]+/).filter((field) => field !== '') ?? [];
        if (text !== null && fields.length === 0) {
          rows.push(...finish());
          continue;
        }
        length += text === null ? maximumLineLength + 1 : text.length;
        const missing = columns.some(([, place]) => fields.at(place) === undefined);
        if (length > maximumLineLength) fault ??= { line, reason: `sentence longer than ${maximumLineLength} characters` };
        else if (missing || (sentence.length > 0 && fields.length !== sentence[0]!.length))
          fault ??= { line, reason: missing ? `only ${fields.length} columns` : `${fields.length} columns under ${sentence[0]!.length}` };
        if (fault) continue;
        if (sentence.length === 0) begun = line;
        sentence.push(fields);
      }
      yield rows;
    }
    yield finish();
  }, options);
}
