import * as aggregators from './aggregators';
import type { Cases, GoldenCase, Precision } from './golden';
import * as losses from './losses';
import * as maml from './maml';
import * as metrics from './metrics';
import * as optimizers from './optimizers';
import * as weightings from './weightings';

interface Part {
  readonly file: string;
  /** Only the file's cases of this kind. */
  readonly kind?: string;
  readonly handlers: { readonly cases: Cases; readonly precision: Precision };
}

/** What maps which cases of which file. */
export const parts: readonly Part[] = [
  { file: 'optimizers.json', handlers: optimizers },
  { file: 'losses.json', kind: 'value', handlers: losses },
  { file: 'losses.json', kind: 'weighting', handlers: weightings },
  { file: 'aggregators.json', handlers: aggregators },
  { file: 'maml.json', handlers: maml },
  { file: 'metrics.json', handlers: metrics },
];

export function handlerFor(cases: Cases, { method, variant }: GoldenCase) {
  return cases[`${method}/${variant}`] ?? cases[method];
}
