import { TaskloomError } from '@taskloom/core';
import { buildVocabulary, type VocabularyConfig, vocabulary } from '@taskloom/text';
import type { Document } from './document';
import type { Features, FeaturesSource } from './features';
import type { FeaturesConfig } from './schema';

type Config = Extract<FeaturesConfig, { kind: 'vocabulary' }>;

/** The most frequent words of the training texts; others share one id. */
export function vocabularyFeatures(config: Config, bags: boolean, source: FeaturesSource): Features {
  const normal = (word: string) => (config.lowercase ? word.normalize('NFKC').toLowerCase() : word.normalize('NFKC'));
  const wordsOf = ({ words }: Document) => words.slice(0, config.maxTokens).map(normal);
  const known = source.state === undefined || source.state === null ? fit() : vocabulary(source.state as unknown as VocabularyConfig);
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
      return { length: ids.length, ids: { [bags ? 'words' : 'ids']: ids } };
    },
  };
}
