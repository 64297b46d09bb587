import type { Json } from '@taskloom/core';
import { type VocabularyConfig, wordPattern } from '@taskloom/text';
import type { Features } from '../features';
import { hashingOf, ofTokens, shapeIds } from '../features-hashed';
import type { ResolvedConfig } from '../schema';

/** How a text becomes the model's inputs, as JSON that a reader in any language can follow; `state` is what the features have learned. */
export function featuresSpec({ features: config, trunk }: ResolvedConfig, { shape, state }: Pick<Features, 'shape' | 'state'>): Json {
  const form = trunk.kind === 'bagOfEmbeddings' ? 'bags' : 'tokens';
  const common = {
    format: 'taskloom-features',
    formatVersion: 1,
    form,
    maxTokens: config.maxTokens,
    padding: 0,
    ...(shape.kind === 'tokens'
      ? { ...(shape.perToken === undefined ? {} : { perToken: shape.perToken }), size: shape.size }
      : { sizes: { ...shape.sizes } }),
  };
  switch (config.kind) {
    case 'hashed':
      return {
        ...common,
        kind: 'hashed',
        wordPattern: wordPattern(),
        // FEATURES.md of @taskloom/text specifies these.
        hashing: { ...hashingOf(form === 'bags' ? config : ofTokens(config)) } as unknown as Json,
        words: config.words,
        ...(form === 'tokens' ? { forms: { first: shape.kind === 'tokens' ? shape.size - shapeIds : 0, count: shapeIds } } : {}),
      };
    case 'vocabulary':
      return {
        ...common,
        kind: 'vocabulary',
        wordPattern: wordPattern(),
        normalization: 'NFKC',
        lowercase: config.lowercase,
        unknown: 1,
        firstToken: 2,
        tokens: [...(state as unknown as VocabularyConfig).tokens],
      };
    case 'tokenizer':
      return { ...common, kind: 'tokenizer', file: 'tokenizer.json', idOffset: 1 };
  }
}
