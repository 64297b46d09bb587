import { TaskloomError } from '@taskloom/core';
import { higherIsBetter } from './metrics/registry';
import type { EarlyStopping, Evaluation } from './types';

/** What is remembered of past evaluations; plain data. */
export interface StoppingState {
  readonly best?: { readonly step: number; readonly score: number };
  /** Evaluations since the best one. */
  readonly stale: number;
}

/** The watched value of an evaluation, with its sign turned so that higher is better. Throws `unknown_metric` for one that is not there. */
export function scoreOf(evaluation: Evaluation, metric: string): number {
  if (metric === 'mean') return evaluation.mean;
  // Names of tasks hold no '/'; labels in the names of metrics may.
  const slash = metric.indexOf('/');
  const [task, name] = [metric.slice(0, slash), metric.slice(slash + 1)];
  const all = { ...evaluation.tasks, ...evaluation.groups };
  const own = all[task];
  if (!own)
    throw new TaskloomError('unknown_metric', `'${metric}' is not evaluated.`, {
      name: 'earlyStopping.metric',
      got: metric,
      expected: [
        'mean',
        ...Object.entries(all).flatMap(([known, { metrics }]) => ['loss', ...Object.keys(metrics)].map((each) => `${known}/${each}`)),
      ],
    });
  if (name === 'loss') return -own.loss;
  const value = own.metrics[name];
  if (value === undefined)
    throw new TaskloomError('unknown_metric', `'${task}' has no metric '${name}'.`, {
      name: 'earlyStopping.metric',
      got: name,
      expected: Object.keys(own.metrics),
    });
  return higherIsBetter(name) ? value : -value;
}

/** One evaluation more: the first finite score, or one above the best by more than `minDelta`, is the new best. */
export function judged(
  state: StoppingState,
  step: number,
  score: number,
  { patience, minDelta }: Required<EarlyStopping>,
): { state: StoppingState; improved: boolean; stop: boolean } {
  if (Number.isFinite(score) && (!state.best || score > state.best.score + minDelta))
    return { state: { best: { step, score }, stale: 0 }, improved: true, stop: false };
  const stale = state.stale + 1;
  return { state: { ...state, stale }, improved: false, stop: stale >= patience };
}
