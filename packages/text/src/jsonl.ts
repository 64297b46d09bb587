import type { Json } from '@taskloom/core/host';
import { textLines } from './lines';
import { type BadRow, batched, type Row, type RowOptions, type RowStream, rowStream, type TextChunks } from './rows';

/** JSON Lines: one object a line, UTF-8; blank lines are skipped, anything else is a bad row. */
export function jsonlRows(chunks: TextChunks, options: RowOptions = {}): RowStream {
  return rowStream(async function* (maximumLineLength) {
    for await (const lines of textLines(chunks, maximumLineLength)) {
      let rows: (Row | BadRow)[] = [];
      for (const { line, text } of lines) {
        if (rows.length === batched) {
          yield rows;
          rows = [];
        }
        if (text === null) rows.push({ line, reason: `longer than ${maximumLineLength} characters` });
        else if (text.trim() !== '') rows.push(parseLine(line, text));
      }
      yield rows;
    }
  }, options);
}

function parseLine(line: number, text: string): Row | BadRow {
  try {
    const value: unknown = suspect.test(text) ? JSON.parse(text, checkValue) : JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { line, reason: 'not a JSON object' };
    return { line, record: Object.assign(Object.create(null), value) as { [column: string]: Json } };
  } catch (error) {
    return {
      line,
      reason: error === outOfRange ? 'a number out of range' : error instanceof RangeError ? 'nested too deeply' : 'not JSON',
    };
  }
}

/** Only lines that may hold a key `__proto__`, which escapes can spell as well, or a number beyond 1e99 are walked through. */
const suspect = /__proto__|\\u|\d[eE]\+?\d{3}|\d{300}/;
const outOfRange = 'out of range';

function checkValue(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw outOfRange;
  return key === '__proto__' ? undefined : value;
}
