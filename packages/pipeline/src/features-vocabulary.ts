import { TaskloomError } from '@taskloom/core';
import { buildVocabulary, type Vocabulary, type VocabularyConfig, vocabulary, withoutSelectors } from '@taskloom/text';
import type { Document } from './document';
import type { Features, FeaturesSource } from './features';
import type { FeaturesConfig } from './schema';
import { readWordVectors, type WordVectors } from './word-vectors';

type Config = Extract<FeaturesConfig, { kind: 'vocabulary' }>;

/** The most frequent words of the training texts, and those of a file of vectors; others share one id. */
export async function vocabularyFeatures(config: Config, bags: boolean, source: FeaturesSource): Promise<Features> {
  const normal = (word: string) => {
    const own = (config.variationSelectors ? word : withoutSelectors(word)).normalize('NFKC');
    return config.lowercase ? own.toLowerCase() : own;
  };
  const wordsOf = ({ words }: Document) => words.slice(0, config.maxTokens).map(normal);
  const input = bags ? 'words' : 'ids';
  const stored = source.state === undefined || source.state === null ? undefined : vocabulary(source.state as unknown as VocabularyConfig);
  const fitted = stored ?? fit();
  const vectors = stored || config.vectors === undefined ? undefined : await read(config.vectors, fitted, config.vectorWords, source);
  const known = vectors ? withWords(fitted, vectors) : fitted;
  function fit() {
    if (!source.documents)
      throw new TaskloomError('state_missing', 'A vocabulary needs training texts or a stored state.', { name: 'features' });
    return buildVocabulary(
      (function* () {
        for (const document of source.documents!()) yield wordsOf(document).filter((word) => word !== '');
      })(),
      { minimumCount: config.minimumCount, maximumSize: config.size },
    );
  }
  const size = known.maximum + 1;
  return {
    shape: bags ? { bags: { words: size } } : { tokens: { size } },
    state: known.config as unknown as Features['state'],
    encode(document) {
      const words = wordsOf(document);
      const ids = known.encode(words).map((id, i) => (words[i] === '' ? 0 : id));
      return { length: ids.length, ids: { [input]: ids } };
    },
    ...(vectors && { vectors: [{ input, width: vectors.width, rows: rowsOf(known, vectors) }] }),
  };
}

/** Of the file what is needed: the words of the texts, and the first `count`. */
async function read(file: string, { config }: Vocabulary, count: number, { text }: FeaturesSource): Promise<WordVectors> {
  const known = new Set(config.tokens);
  if (text) {
    const vectors = readWordVectors(await text(file), file, (word, place) => place < count || known.has(word));
    if (vectors.words.size > 0) return vectors;
    throw new TaskloomError('bad_data', `'${file}' has none of the words of the training texts.`, { name: 'features.vectors' });
  }
  throw new TaskloomError('not_found', `'${file}' cannot be read here.`, {
    name: 'features.vectors',
    remedy: 'Give the data provider a `text` function.',
  });
}

/** What was read and is not of the texts is among the first of the file. */
function withWords({ config }: Vocabulary, { words }: WordVectors): Vocabulary {
  return vocabulary({ ...config, tokens: [...new Set([...config.tokens, ...words.keys()])] });
}

function rowsOf({ config, encode }: Vocabulary, vectors: WordVectors): ReadonlyMap<number, Float32Array> {
  const ids = encode(config.tokens);
  return new Map(config.tokens.flatMap((word, i) => (vectors.words.has(word) ? [[ids[i]!, vectors.words.get(word)!] as const] : [])));
}
