import { textLines } from './lines';
import { type BadRow, type Row, type RowOptions, type RowStream, rowStream, type TextChunks } from './rows';

export interface TextRowsOptions extends RowOptions {
  /** The name of the one column. @default 'text' */
  readonly column?: string;
}

/** Plain text: a row a line, as it stands; lines of white space alone are skipped. */
export function textRows(chunks: TextChunks, options: TextRowsOptions = {}): RowStream {
  const { column = 'text' } = options;
  return rowStream(async function* (maximumLineLength) {
    for await (const lines of textLines(chunks, maximumLineLength)) {
      const rows: (Row | BadRow)[] = [];
      for (const { line, text } of lines) {
        if (text === null) rows.push({ line, reason: `longer than ${maximumLineLength} characters` });
        else if (text.trim() !== '') rows.push({ line, record: Object.assign(Object.create(null), { [column]: text }) as Row['record'] });
      }
      yield rows;
    }
  }, options);
}
