import type { TextChunks } from './rows';

/** A line without its end; `text` is null where it was longer than allowed. */
export interface Line {
  readonly line: number;
  readonly text: string | null;
}

/** The pieces of a text, without a byte-order mark. */
export async function* textChunks(chunks: TextChunks): AsyncGenerator<string> {
  let first = true;
  for await (const chunk of typeof chunks === 'string' ? [chunks] : chunks) {
    if (chunk === '') continue;
    yield first && chunk.startsWith('\ufeff') ? chunk.slice(1) : chunk;
    first = false;
  }
}

/** Lines ending in LF or CRLF, a batch for each piece of text; never holds more of a line than `maximumLength`. */
export async function* textLines(chunks: TextChunks, maximumLength: number): AsyncGenerator<Line[]> {
  let line = 1;
  let held = '';
  let tooLong = false;
  const take = (part: string) => {
    if (held.length + part.length > maximumLength + 1) tooLong = true;
    if (tooLong) held = '';
    else held += part;
  };
  const finish = (): Line => {
    const text = held.endsWith('\r') ? held.slice(0, -1) : held;
    const done = { line: line++, text: tooLong || text.length > maximumLength ? null : text };
    held = '';
    tooLong = false;
    return done;
  };
  for await (const chunk of textChunks(chunks)) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      take(chunk.slice(start, end));
      lines.push(finish());
      start = end + 1;
    }
    take(chunk.slice(start));
    if (lines.length > 0) yield lines;
  }
  if (held !== '' || tooLong) yield [finish()];
}
