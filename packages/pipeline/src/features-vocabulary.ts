import { TaskloomError } from '@taskloom/core';
import { buildVocabulary, type Vocabulary, type VocabularyConfig, vocabulary } from '@taskloom/text';
import type { Document } from './document';
import type { Features, FeaturesSource } from './features';
import type { FeaturesConfig } from './schema';
import { readWordVectors, type WordVectors } from './word-vectors';

type Config = Extract<FeaturesConfig, { kind: 'vocabulary' }>;

/** The most frequent words of the training texts, and those of a file of vectors; others share one id. */
export async function vocabularyFeatures(config: Config, bags: boolean, source: FeaturesSource): Promise<Features> {
  const normal = (word: string) => (config.lowercase ? word.normalize('NFKC').toLowerCase() : word.normalize('NFKC'));
  const wordsOf = ({ words }: Document) => words.slice(0, config.maxTokens).map(normal);
  const input = bags ? 'words' : 'ids';
  const stored = source.state === undefined || source.state === null ? undefined : vocabulary(source.state as unknown as VocabularyConfig);
  const vectors = stored || config.vectors === undefined ? undefined : await read(config.vectors, source);
  const known = stored ?? withWords(fit(), vectors, config.vectorWords);
  function fit() {
    if (!source.documents)
      throw new TaskloomError('state_missing', 'A vocabulary needs training texts or a stored state.', { name: 'features' });
    return buildVocabulary(
      (function* () {
        for (const document of source.documents!()) yield wordsOf(document);
      })(),
      { minimumCount: config.minimumCount, maximumSize: config.size },
    );
  }
  const size = known.maximum + 1;
  return {
    shape: bags ? { bags: { words: size } } : { tokens: { size } },
    state: known.config as unknown as Features['state'],
    encode(document) {
      const ids = known.encode(wordsOf(document));
      return { length: ids.length, ids: { [input]: ids } };
    },
    ...(vectors && { vectors: [{ input, width: vectors.width, rows: rowsOf(known, vectors) }] }),
  };
}

async function read(file: string, { text }: FeaturesSource): Promise<WordVectors> {
  if (text) return readWordVectors(await text(file), file);
  throw new TaskloomError('not_found', `'${file}' cannot be read here.`, {
    name: 'features.vectors',
    remedy: 'Give the data provider a `text` function.',
  });
}

function withWords({ config }: Vocabulary, vectors: WordVectors | undefined, count: number): Vocabulary {
  const known = new Set(config.tokens);
  const more = [...(vectors?.words.keys() ?? [])].slice(0, count).filter((word) => !known.has(word));
  return vocabulary({ ...config, tokens: [...config.tokens, ...more] });
}

function rowsOf({ config, encode }: Vocabulary, vectors: WordVectors): ReadonlyMap<number, Float32Array> {
  const ids = encode(config.tokens);
  return new Map(config.tokens.flatMap((word, i) => (vectors.words.has(word) ? [[ids[i]!, vectors.words.get(word)!] as const] : [])));
}
