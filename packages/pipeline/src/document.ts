import { wordTokens } from '@taskloom/text';
import { badData, type Place, type Row } from './data-provider';
import { readTags } from './labels';

/** A text and its words; `starts[i]` and `ends[i]` are the place of word i in the text (UTF-16 units). */
export interface Document {
  readonly text: string;
  readonly words: readonly string[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** A text, split by the word tokeniser. */
export function documentOf(text: string): Document {
  const { tokens, offsets } = wordTokens(text);
  return { text, words: tokens, starts: tokens.map((_, i) => offsets[2 * i]!), ends: tokens.map((_, i) => offsets[2 * i + 1]!) };
}

/** Words that came as words; without a text, they stand one space apart. */
export function documentOfWords(words: readonly string[], text?: string): Document {
  const starts: number[] = [];
  const ends: number[] = [];
  const whole = text ?? words.join(' ');
  let from = 0;
  for (const word of words) {
    const found = whole.indexOf(word, from);
    const start = found < 0 ? from : found;
    starts.push(start);
    ends.push(Math.min(whole.length, start + word.length));
    from = ends[ends.length - 1]!;
  }
  return { text: whole, words, starts, ends };
}

/** The document in the columns `text` and, where the words are given, `tokens`. */
export function readDocument(row: Row, place: Place, columns: { readonly text?: string; readonly tokens?: string }): Document {
  const tokens = columns.tokens === undefined ? undefined : readTags(row[columns.tokens], place, columns.tokens);
  const text = columns.text === undefined ? undefined : row[columns.text];
  if (text !== undefined && text !== null && typeof text !== 'string') throw badData(place, columns.text!, 'A text is needed.', text);
  if (tokens) return documentOfWords(tokens, typeof text === 'string' ? text : undefined);
  // An empty text is a text without words; `data validate` counts them.
  if (typeof text === 'string') return documentOf(text);
  const column = columns.text ?? columns.tokens!;
  throw badData(place, column, 'The text is missing.', undefined, `The row has: ${Object.keys(row).slice(0, 12).join(', ') || 'nothing'}.`);
}
