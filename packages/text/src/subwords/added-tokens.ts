import { type AlignedText, piece } from './aligned-text';
import { isSpace, isWord } from './characters';
import type { Normalizer } from './normalizers';
import { patternMatches } from './split';

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  readonly normalized?: boolean;
  readonly special?: boolean;
}

/** A piece of text; with `id`, it is an added token as it stands. */
export interface Section {
  readonly text: AlignedText;
  readonly id?: number;
}

/** Cuts a text at the file's added tokens and normalises what lies between: tokens not marked `normalized` are looked for before that, the others after. */
export function addedTokens(given: unknown, normalize: Normalizer): (text: AlignedText) => Section[] {
  const tokens = (given ?? []) as readonly AddedToken[];
  const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special;
  const before = cutter(tokens.filter((token) => !isNormalized(token)).map((token) => [token.content, token]));
  const after = cutter(tokens.filter(isNormalized).map((token) => [normalize(asText(token.content)).chars.join(''), token]));
  return (text) => before(text).flatMap((section) => (section.id === undefined ? after(normalize(section.text)) : [section]));
}

function asText(content: string): AlignedText {
  const chars = [...content];
  const zeros = chars.map(() => 0);
  return { chars, starts: zeros, ends: zeros, shift: 0 };
}

function cutter(entries: readonly (readonly [content: string, token: AddedToken])[]): (text: AlignedText) => Section[] {
  const tokens = new Map(entries.filter(([content]) => content !== ''));
  if (tokens.size === 0) return (text) => [{ text }];
  const longestFirst = [...tokens.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'gu');
  return (text) => {
    const { chars } = text;
    const sections: Section[] = [];
    let done = 0;
    for (const [start, end] of patternMatches(text, pattern)) {
      const token = tokens.get(chars.slice(start, end).join(''))!;
      if (token.single_word && ((start > 0 && isWord(chars[start - 1]!)) || (end < chars.length && isWord(chars[end]!)))) continue;
      let from = start;
      let to = end;
      if (token.lstrip) while (from > done && isSpace(chars[from - 1]!)) from--;
      if (token.rstrip) while (to < chars.length && isSpace(chars[to]!)) to++;
      if (from > done) sections.push({ text: piece(text, done, from) });
      sections.push({ text: piece(text, from, to), id: token.id });
      done = to;
    }
    if (done < chars.length) sections.push({ text: piece(text, done, chars.length) });
    return sections;
  };
}
