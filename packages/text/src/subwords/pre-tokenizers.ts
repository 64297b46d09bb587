import { type AlignedText, mapped, piece, prepended, replaced } from './aligned-text';
import { byteLevel, byteLevelWords } from './byte-level';
import { isNumeric, isPunctuation, isSpace } from './characters';
import { type Behavior, matchesOf, patternMatches, patternOf, split } from './split';

/** Cuts one piece of normalised text into pieces. */
export type PreTokenizer = (text: AlignedText) => AlignedText[];

/** The `pre_tokenizer` of a tokenizer.json, with alignment to the original. Throws for a type that it does not know. */
export function preTokenizer(section: unknown): PreTokenizer {
  if (section === null || section === undefined) return (text) => [text];
  const config = section as { readonly type: string; readonly [option: string]: unknown };
  switch (config.type) {
    case 'Sequence': {
      const parts = (config.pretokenizers as unknown[]).map(preTokenizer);
      return (text) => parts.reduce((pieces, part) => pieces.flatMap(part), [text]);
    }
    case 'BertPreTokenizer':
      return bertWords;
    case 'Whitespace':
      return (text) => split(text, patternMatches(text, wordsOrSymbols), 'Removed', true);
    case 'WhitespaceSplit':
      return (text) => split(text, matchesOf(text, isSpace), 'Removed');
    case 'Punctuation': {
      const behavior = behaviorOf(config.behavior ?? 'Isolated');
      return (text) => split(text, matchesOf(text, isPunctuation), behavior);
    }
    case 'Digits': {
      const behavior = config.individual_digits ? 'Isolated' : 'Contiguous';
      return (text) => split(text, matchesOf(text, isNumeric), behavior);
    }
    case 'CharDelimiterSplit': {
      const delimiter = String(config.delimiter);
      return (text) =>
        split(
          text,
          matchesOf(text, (char) => char === delimiter),
          'Removed',
        );
    }
    case 'Split': {
      const pattern = patternOf(config.pattern);
      const behavior = behaviorOf(config.behavior);
      const invert = config.invert === true;
      return (text) => split(text, patternMatches(text, pattern), behavior, invert);
    }
    case 'FixedLength': {
      const length = Number(config.length);
      return (text) =>
        split(
          text,
          Array.from({ length: Math.ceil(text.chars.length / length) }, (_, i) => [
            i * length,
            Math.min(text.chars.length, (i + 1) * length),
          ]),
          'Isolated',
        );
    }
    case 'Metaspace':
      return metaspace(config);
    case 'ByteLevel': {
      const { add_prefix_space: prefix = true, use_regex: words = true } = config;
      return (given) => {
        const text = prefix && given.chars[0] !== ' ' ? prepended(given, ' ') : given;
        const pieces = words ? split(text, patternMatches(text, byteLevelWords), 'Isolated') : [text];
        return pieces.map((one) => mapped(one, byteLevel));
      };
    }
    default:
      throw new Error(`the pre-tokenizer '${config.type}' is not known`);
  }
}

/** Words parted by white space, and every punctuation character by itself; in one pass, since it is BERT's. */
function bertWords(text: AlignedText): AlignedText[] {
  const pieces: AlignedText[] = [];
  let from = 0;
  const { length } = text.chars;
  for (let i = 0; i < length; i++) {
    const space = isSpace(text.chars[i]!);
    if (!space && !isPunctuation(text.chars[i]!)) continue;
    if (i > from) pieces.push(piece(text, from, i));
    if (!space) pieces.push(piece(text, i, i + 1));
    from = i + 1;
  }
  if (length > from) pieces.push(piece(text, from, length));
  return pieces;
}

const wordsOrSymbols =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;

const behaviors: Readonly<Record<string, Behavior>> = {
  removed: 'Removed',
  isolated: 'Isolated',
  mergedwithprevious: 'MergedWithPrevious',
  mergedwithnext: 'MergedWithNext',
  contiguous: 'Contiguous',
};

function behaviorOf(name: unknown): Behavior {
  const found = behaviors[String(name).toLowerCase().replaceAll('_', '')];
  if (found) return found;
  throw new Error(`the behaviour '${String(name)}' is not known`);
}

/** SentencePiece's way: spaces become `▁`, one stands before the text, and words are cut before each. */
function metaspace(config: { readonly [option: string]: unknown }): PreTokenizer {
  const mark = String(config.replacement ?? '▁');
  if ([...mark].length !== 1) throw new Error('the replacement of Metaspace is not one character');
  const scheme = config.prepend_scheme ?? (config.add_prefix_space === false ? 'never' : 'always');
  return (given) => {
    let text = replaced(
      given,
      matchesOf(given, (char) => char === ' '),
      mark,
    );
    if (text.chars[0] !== mark && (scheme === 'always' || (scheme === 'first' && given.shift === 0))) text = prepended(text, mark);
    return config.split === false
      ? [text]
      : split(
          text,
          matchesOf(text, (char) => char === mark),
          'MergedWithNext',
        );
  };
}
