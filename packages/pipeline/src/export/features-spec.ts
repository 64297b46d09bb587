import type { Json } from '@taskloom/core';
import { type VocabularyConfig, wordPattern } from '@taskloom/text';
import { type Features, featuresByForm, type InputShape, stateOf } from '../features';
import { hashingOf, ofTokens, shapeIds } from '../features-hashed';
import type { FeaturesConfig, ResolvedConfig } from '../schema';

/** How a text becomes the model's inputs, as JSON that a reader in any language can follow; `state` is what the features have learned. */
export function featuresSpec(config: ResolvedConfig, { shape, state }: Pick<Features, 'shape' | 'state'>): Json {
  const { bags, tokens } = featuresByForm(config);
  const common = { format: 'taskloom-features', formatVersion: 1 };
  if (!bags || !tokens) return { ...common, ...formSpec((bags ?? tokens)!, shape, state) };
  return {
    ...common,
    form: 'joined',
    bags: formSpec(bags, { bags: shape.bags }, stateOf(config, state, 'bags')!),
    tokens: formSpec(tokens, { tokens: shape.tokens }, stateOf(config, state, 'tokens')!),
  };
}

function formSpec(config: FeaturesConfig, { bags, tokens }: Partial<InputShape>, state: Json): { readonly [key: string]: Json } {
  const common = {
    form: tokens ? 'tokens' : 'bags',
    maxTokens: config.maxTokens,
    padding: 0,
    ...(tokens ? { ...tokens } : { sizes: { ...bags } }),
  };
  switch (config.kind) {
    case 'hashed':
      return {
        ...common,
        kind: 'hashed',
        wordPattern: wordPattern(),
        // FEATURES.md of @taskloom/text specifies these.
        hashing: { ...hashingOf(tokens ? ofTokens(config) : config) } as unknown as Json,
        words: config.words,
        ...(tokens ? { forms: { first: tokens.size - shapeIds, count: shapeIds } } : {}),
      };
    case 'vocabulary':
      return {
        ...common,
        kind: 'vocabulary',
        wordPattern: wordPattern(),
        normalization: 'NFKC',
        ...(config.variationSelectors ? {} : { variationSelectors: false }),
        lowercase: config.lowercase,
        unknown: 1,
        firstToken: 2,
        tokens: [...(state as unknown as VocabularyConfig).tokens],
      };
    case 'tokenizer':
      return { ...common, kind: 'tokenizer', file: 'tokenizer.json', idOffset: 1 };
  }
}
