import { Tokenizer } from '@huggingface/tokenizers';
import { type AlignedText, piece } from './aligned-text';

/** What becomes of the matches that part a text. */
export type Behavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

/** Code-point ranges `[from, to)` of the matches of a pattern. */
export type Matches = readonly (readonly [from: number, to: number])[];

/** Cuts a text at matches; empty pieces are left out. `invert`: what lies between matches counts as the match. */
export function split(text: AlignedText, matches: Matches, behavior: Behavior, invert = false): AlignedText[] {
  const length = text.chars.length;
  const parts: { from: number; to: number; match: boolean }[] = [];
  let at = 0;
  for (const [from, to] of matches) {
    if (from > at) parts.push({ from: at, to: from, match: invert });
    parts.push({ from, to, match: !invert });
    at = to;
  }
  if (at < length) parts.push({ from: at, to: length, match: invert });
  return joined(parts, behavior).flatMap(({ from, to }) => (to > from ? [piece(text, from, to)] : []));
}

function joined(parts: { from: number; to: number; match: boolean }[], behavior: Behavior): { from: number; to: number }[] {
  if (behavior === 'Removed') return parts.filter(({ match }) => !match);
  if (behavior === 'Isolated') return parts;
  const out: { from: number; to: number; match: boolean }[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    const join =
      last &&
      (behavior === 'Contiguous'
        ? last.match === part.match
        : behavior === 'MergedWithPrevious'
          ? part.match && !last.match
          : last.match && !part.match);
    if (join) {
      last.to = part.to;
      if (behavior !== 'Contiguous') last.match = behavior === 'MergedWithPrevious';
    } else out.push({ ...part });
  }
  return out;
}

/** Every code point that passes a test, by itself. */
export function matchesOf(text: AlignedText, test: (char: string) => boolean): Matches {
  const found: [number, number][] = [];
  for (let i = 0; i < text.chars.length; i++) if (test(text.chars[i]!)) found.push([i, i + 1]);
  return found;
}

/** The matches of a regular expression with flags `gu`, in code points. */
export function patternMatches(text: AlignedText, pattern: RegExp): Matches {
  const whole = text.chars.join('');
  const found = Array.from(whole.matchAll(pattern), (match) => [match.index, match.index + match[0].length] as const);
  if (whole.length === text.chars.length) return found;
  const points = new Int32Array(whole.length + 1);
  let unit = 0;
  text.chars.forEach((char, i) => {
    points.fill(i, unit, unit + char.length);
    unit += char.length;
  });
  points[unit] = text.chars.length;
  return found.map(([from, to]) => [points[from]!, points[to]!] as const);
}

/** A pattern of a tokenizer.json, `{ String }` or `{ Regex }` (written for Oniguruma; the library turns it into JavaScript's), with flags `gu`. */
export function patternOf(pattern: unknown): RegExp {
  const { Regex, String: literal } = (typeof pattern === 'string' ? { String: pattern } : (pattern ?? {})) as {
    Regex?: unknown;
    String?: unknown;
  };
  if (typeof literal === 'string' && literal !== '') return new RegExp(literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
  if (typeof Regex !== 'string') throw new Error('a pattern that is neither { String } nor { Regex }');
  const config = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
    post_processor: null,
    decoder: null,
    model: { type: 'WordPiece', vocab: { '[UNK]': 0 }, unk_token: '[UNK]' },
  };
  return (new Tokenizer(config, {}).pre_tokenizer as unknown as { readonly pattern: RegExp }).pattern;
}
