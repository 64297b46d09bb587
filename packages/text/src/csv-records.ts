import { type Line, textChunks } from './lines';
import type { TextChunks } from './rows';

const quote = 34;
const lineFeed = 10;

/** Where the scanner stands: at a field's start, in a bare field, within quotes, behind a quote that ends them or escapes another. */
type State = 'start' | 'bare' | 'quoted' | 'afterQuote';

/**
 * Cuts text into records at line ends outside quotes, a batch for each piece of text, so that a quoted field may span pieces. After a closing quote that neither
 * delimiter nor line end follows, the record ends with its line: one bad row does not swallow the next. `line` is where a record begins; `text` is null where it is too long.
 */
export async function* csvRecords(
  chunks: TextChunks,
  { delimiter, quotes, maximumLength }: { readonly delimiter: string; readonly quotes: boolean; readonly maximumLength: number },
): AsyncGenerator<Line[]> {
  const separator = delimiter.charCodeAt(0);
  let state: State = 'start';
  let line = 1;
  let begun = 1;
  let held = '';
  let tooLong = false;
  const take = (part: string) => {
    if (held.length + part.length > maximumLength + 1) tooLong = true;
    held = tooLong ? '' : held + part;
  };
  const finish = (): Line => {
    const text = held.endsWith('\r') ? held.slice(0, -1) : held;
    const record = { line: begun, text: tooLong || text.length > maximumLength ? null : text };
    held = '';
    tooLong = false;
    state = 'start';
    return record;
  };
  for await (const chunk of textChunks(chunks)) {
    const records: Line[] = [];
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const character = chunk.charCodeAt(i);
      if (character === lineFeed) {
        line++;
        // Quotes never closed: the limit is passed, give up on them.
        if (state === 'quoted' && held.length + i - start > maximumLength) tooLong = true;
        if (state !== 'quoted' || tooLong) {
          take(chunk.slice(start, i));
          records.push(finish());
          start = i + 1;
          begun = line;
        }
      } else if (quotes) state = after(state, character, separator);
    }
    take(chunk.slice(start));
    if (records.length > 0) yield records;
  }
  if (held !== '' || tooLong) yield [finish()];
}

function after(state: State, character: number, separator: number): State {
  if (state === 'quoted') return character === quote ? 'afterQuote' : 'quoted';
  if (character === separator) return 'start';
  if (character === quote) return state === 'bare' ? 'bare' : 'quoted';
  return state === 'afterQuote' && isSpace(character) ? 'afterQuote' : 'bare';
}

function isSpace(character: number): boolean {
  return character === 32 || character === 9 || character === 13;
}
