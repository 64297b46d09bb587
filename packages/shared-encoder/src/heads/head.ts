import type { Json, TaskHead } from '@taskloom/core';
import { optionsOf } from '../config';
import { assertKnown } from '../suggest';
import { type ClassificationOptions, classification } from './classification';
import { type MultiLabelOptions, multiLabel } from './multi-label';
import { type OrdinalOptions, ordinal } from './ordinal';
import { type PairSimilarityOptions, pairSimilarity } from './pair-similarity';
import { type RegressionOptions, regression } from './regression';
import { type TaggingOptions, tagging } from './tagging';

/** A head as plain JSON. */
export type HeadConfig =
  | ({ readonly kind: 'classification' } & ClassificationOptions)
  | ({ readonly kind: 'multiLabel' } & MultiLabelOptions)
  | ({ readonly kind: 'regression' } & RegressionOptions)
  | ({ readonly kind: 'ordinal' } & OrdinalOptions)
  | ({ readonly kind: 'tagging' } & TaggingOptions)
  | ({ readonly kind: 'pairSimilarity' } & PairSimilarityOptions);

export const headKinds = ['classification', 'multiLabel', 'regression', 'ordinal', 'tagging', 'pairSimilarity'] as const;

/** Builds a head from its config: `head(h.config)` is `h` again. Throws `unknown_head`. */
export function head(config: HeadConfig | Json): TaskHead {
  const { kind, options } = optionsOf(config);
  assertKnown('head', kind, headKinds);
  switch (kind as HeadConfig['kind']) {
    case 'classification':
      return classification(options as ClassificationOptions);
    case 'multiLabel':
      return multiLabel(options as MultiLabelOptions);
    case 'regression':
      return regression(options as RegressionOptions);
    case 'ordinal':
      return ordinal(options as OrdinalOptions);
    case 'tagging':
      return tagging(options as TaggingOptions);
    case 'pairSimilarity':
      return pairSimilarity(options as PairSimilarityOptions);
  }
}
