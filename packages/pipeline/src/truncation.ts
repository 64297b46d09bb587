import type { Json } from '@taskloom/core';
import type { DataProvider } from './data-provider';
import type { Document } from './document';
import { featuresByForm, lengthFeatures, stateOf } from './features';
import { subwordsOf } from './features-tokenizer';
import type { ResolvedConfig } from './schema';
import type { SourceRows } from './sources';

/**
 * Counts the rows with a text longer than `features.maxTokens`: what comes after is not encoded, and its tags are neither trained on nor evaluated.
 * Subwords of running text are counted by the tokeniser in `stored` (a run's features) or by its file. Where bags and tokens are read, the tokens decide.
 */
export async function truncation(
  config: ResolvedConfig,
  { stored, data }: { readonly stored?: Json; readonly data: DataProvider },
): Promise<(source: SourceRows) => number> {
  const features = lengthFeatures(config);
  let tokensOf = ({ words }: Document) => words.length;
  const wordwise = featuresByForm(config).tokens && config.tasks.some(({ head }) => head === 'tagging');
  if (features.kind === 'tokenizer' && !wordwise) {
    const state = stateOf(config, stored, 'tokens');
    const subwords = await subwordsOf(features, { state, ...(data.text ? { text: (file) => data.text!(file) } : {}) });
    tokensOf = ({ text }) => subwords.encode(text).ids.length;
  }
  const cut = (document: Document) => tokensOf(document) > features.maxTokens;
  return ({ documents }) => documents.reduce((count, row) => count + (row.some(cut) ? 1 : 0), 0);
}
