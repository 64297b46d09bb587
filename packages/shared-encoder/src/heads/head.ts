import type { Json, TaskHead } from '@taskloom/core';
import { build } from '../config';
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

const makers = { classification, multiLabel, regression, ordinal, tagging, pairSimilarity };

export const headKinds = Object.keys(makers) as readonly HeadConfig['kind'][];

/** Builds a head from its config: `head(h.config)` is `h` again. Throws `unknown_head`. */
export function head(config: HeadConfig | Json): TaskHead {
  return build<TaskHead>('head', config, makers);
}
