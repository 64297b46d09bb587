/**
 * A text on its way through normalisation: code points, and for each the stretch `[start, end)` of the original, in UTF-16 units, that it was made from.
 * `shift` is where the piece begins in the original.
 */
export interface AlignedText {
  readonly chars: readonly string[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly shift: number;
}

/**
 * What a normalisation makes of code points: each new one with a count. 0: it stands for the next old one; −n: for the next old one, and n more behind that
 * are gone; 1: it is inserted and shares the stretch of the old one before it.
 */
export interface Changes {
  readonly chars: string[];
  readonly counts: number[];
}

/** The text as it stands; a surrogate without its other half counts as U+FFFD. */
export function alignedText(text: string): AlignedText {
  const chars: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i)!;
    if (code < 0x80) {
      chars.push(text[i]!);
      starts.push(i);
      ends.push(++i);
      continue;
    }
    const width = code > 0xffff ? 2 : 1;
    chars.push(code >= 0xd800 && code <= 0xdfff ? '\ufffd' : text.slice(i, i + width));
    starts.push(i);
    i += width;
    ends.push(i);
  }
  return { chars, starts, ends, shift: 0 };
}

/** Applies changes, after leaving out the first `skipped` code points. */
export function transformed(text: AlignedText, { chars, counts }: Changes, skipped = 0): AlignedText {
  const starts: number[] = [];
  const ends: number[] = [];
  let at = skipped;
  for (const count of counts) {
    const from = count > 0 ? at - 1 : at;
    starts.push(text.starts[from] ?? text.shift);
    ends.push(text.ends[from] ?? text.shift);
    if (count <= 0) at += 1 - count;
  }
  return { chars, starts, ends, shift: text.shift };
}

/** The code points that `keep` keeps. */
export function filtered(text: AlignedText, keep: (char: string) => boolean): AlignedText {
  if (text.chars.every(keep)) return text;
  const chars: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  text.chars.forEach((char, i) => {
    if (!keep(char)) return;
    chars.push(char);
    starts.push(text.starts[i]!);
    ends.push(text.ends[i]!);
  });
  return { chars, starts, ends, shift: text.shift };
}

/** Every code point exchanged for those that `map` gives: the first takes its place, further ones share its stretch. */
export function mapped(text: AlignedText, map: (char: string) => string | readonly string[]): AlignedText {
  const { length } = text.chars;
  let same = 0;
  while (same < length && map(text.chars[same]!) === text.chars[same]) same++;
  if (same === length) return text;
  const chars = text.chars.slice(0, same);
  const starts = text.starts.slice(0, same);
  const ends = text.ends.slice(0, same);
  for (let i = same; i < length; i++) {
    const made = map(text.chars[i]!);
    for (const one of typeof made === 'string' ? [made] : made) {
      chars.push(one);
      starts.push(text.starts[i]!);
      ends.push(text.ends[i]!);
    }
    if (chars.length > longest) tooLong(text, chars.length);
  }
  return { chars, starts, ends, shift: text.shift };
}

/** `[from, to)` replaced by `content`, which shares the stretch of the last code point replaced (or of the one before, where none is). */
export function replaced(text: AlignedText, matches: readonly (readonly [from: number, to: number])[], content: string): AlignedText {
  if (matches.length === 0) return text;
  const chars: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const insert = [...content];
  let at = 0;
  const copy = (end: number) => {
    for (; at < end; at++) {
      chars.push(text.chars[at]!);
      starts.push(text.starts[at]!);
      ends.push(text.ends[at]!);
    }
  };
  for (const [from, to] of matches) {
    copy(from);
    at = to;
    for (const char of insert) {
      chars.push(char);
      starts.push(text.starts[to - 1] ?? text.shift);
      ends.push(text.ends[to - 1] ?? text.shift);
    }
    if (chars.length > longest) tooLong(text, chars.length);
  }
  copy(text.chars.length);
  return { chars, starts, ends, shift: text.shift };
}

/** What a text may grow to without a look at how long it was. */
const longest = 1 << 16;

/** Stops a chain of normalisers that lengthens texts again and again. */
function tooLong(text: AlignedText, length: number): void {
  if (length > longest + 64 * ((text.ends.at(-1) ?? 0) - text.shift)) throw new Error('the normaliser lengthens a text more than 64 times');
}

/** `content` before a text that is not empty; it shares the stretch of the first code point. */
export function prepended(text: AlignedText, content: string): AlignedText {
  if (text.chars.length === 0) return text;
  const insert = [...content];
  const shared = (values: readonly number[]) => [...insert.map(() => values[0]!), ...values];
  return { chars: [...insert, ...text.chars], starts: shared(text.starts), ends: shared(text.ends), shift: text.shift };
}

/** The piece of code points `[from, to)`. */
export function piece(text: AlignedText, from: number, to: number): AlignedText {
  if (from === 0 && to === text.chars.length) return text;
  const starts = text.starts.slice(from, to);
  return { chars: text.chars.slice(from, to), starts, ends: text.ends.slice(from, to), shift: starts[0] ?? text.shift };
}
