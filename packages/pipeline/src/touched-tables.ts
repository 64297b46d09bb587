import { type SparseOptimizer, sparseAdagrad, sparseAdam } from '@taskloom/core';
import { needsWholeTables } from '@taskloom/trainer';
import { balancers } from './balancers';
import type { TrainingConfig } from './training-schema';

type Training = Pick<TrainingConfig, 'tables' | 'optimizer' | 'weightDecay' | 'ema' | 'balancer' | 'balancerOptions'>;

/** Optimisers whose rows are well defined where other rows stay. */
const sparse: { readonly [name: string]: (training: Pick<Training, 'weightDecay'>) => SparseOptimizer } = {
  adamw: ({ weightDecay }) => sparseAdam({ weightDecay }),
  adam: () => sparseAdam(),
  adagrad: () => sparseAdagrad(),
};

/** What moves the tables of embeddings by the rows that a batch names; none where they are moved whole. */
export function tableOptimizerOf(training: Training): SparseOptimizer | undefined {
  return training.tables === 'touched' ? sparse[training.optimizer]!(training) : undefined;
}

/** Why tables cannot be trained by their rows in this way. */
export function tablesFault({ tables, optimizer, ema, balancer, balancerOptions }: Training): string | undefined {
  if (tables !== 'touched') return undefined;
  if (!Object.hasOwn(sparse, optimizer)) return `'${optimizer}' moves whole tables; ${Object.keys(sparse).join(', ')} can move rows.`;
  if (ema !== undefined) return "'ema' averages whole tables.";
  return needsWholeTables(balancers.get(balancer)!(balancerOptions)) ? `'${balancer}' needs whole tables in each step.` : undefined;
}
