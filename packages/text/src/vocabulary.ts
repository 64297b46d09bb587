import { TaskloomError } from '@taskloom/core/host';

export interface VocabularyOptions {
  /** Tokens met less often are unknown. @default 1 */
  readonly minimumCount?: number;
  /** Ids at most, the two specials included; the most frequent tokens stay. @default no limit */
  readonly maximumSize?: number;
}

/** `tokens[i]` has id i + 2. */
export interface VocabularyConfig {
  readonly kind: 'vocabulary';
  readonly version: 1;
  readonly tokens: readonly string[];
}

/** Ids: 0 padding, 1 unknown, then the tokens. */
export interface Vocabulary {
  readonly config: VocabularyConfig;
  /** Largest id. */
  readonly maximum: number;
  /** Ids of tokens; 1 for those it does not hold. */
  encode(tokens: readonly string[]): Int32Array;
  /** Tokens of ids; '' for padding and `[UNK]` for 1 and what is out of range. */
  decode(ids: ArrayLike<number>): string[];
}

const paddingId = 0;
const unknownId = 1;
const specials = 2;

/** The vocabulary of tokenised texts: by falling count, equal counts in code-point order, so that the order of the texts does not matter. */
export function buildVocabulary(texts: Iterable<Iterable<string>>, { minimumCount = 1, maximumSize }: VocabularyOptions = {}): Vocabulary {
  if (maximumSize !== undefined && !(Number.isInteger(maximumSize) && maximumSize >= specials))
    throw new TaskloomError('option_invalid', 'A vocabulary holds at least padding and unknown.', {
      name: 'maximumSize',
      got: maximumSize,
      expected: 'an integer ≥ 2',
    });
  const counts = new Map<string, number>();
  for (const tokens of texts) for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  const kept = [...counts].filter(([, count]) => count >= minimumCount);
  kept.sort(([a, m], [b, n]) => n - m || compareCodePoints(a, b));
  const tokens = kept.slice(0, maximumSize === undefined ? undefined : maximumSize - specials).map(([token]) => token);
  return vocabulary({ kind: 'vocabulary', version: 1, tokens });
}

/** A vocabulary from its JSON. */
export function vocabulary(config: VocabularyConfig): Vocabulary {
  const { kind, version, tokens } = (config ?? {}) as Partial<VocabularyConfig>;
  if (kind !== 'vocabulary' || version !== 1 || !Array.isArray(tokens) || !tokens.every((token) => typeof token === 'string'))
    throw new TaskloomError('vocabulary_invalid', 'This is no vocabulary.', {
      expected: '{ kind: "vocabulary", version: 1, tokens: string[] }',
    });
  const ids = new Map(tokens.map((token, i) => [token as string, i + specials]));
  if (ids.size !== tokens.length) {
    const twice = tokens.find((token, i) => ids.get(token) !== i + specials);
    throw new TaskloomError('vocabulary_invalid', 'A token stands twice in the vocabulary.', { name: twice });
  }
  return {
    config: { kind, version, tokens: [...tokens] },
    maximum: tokens.length + specials - 1,
    encode: (words) => Int32Array.from(words, (word) => ids.get(word) ?? unknownId),
    decode: (given) => Array.from(given, (id) => (id === paddingId ? '' : (tokens[id - specials] ?? '[UNK]'))),
  };
}

function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; ) {
    const left = a.codePointAt(i)!;
    const right = b.codePointAt(i)!;
    if (left !== right) return left - right;
    i += left > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}
