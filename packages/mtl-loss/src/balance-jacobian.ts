import { type BalancingContext, type GradientBalancer, type LossWeighting, TaskloomError } from '@taskloom/core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { balancingContext } from './balancing-context';

export interface BalancedJacobian<S> {
  /** One per row. */
  readonly weights: Float64Array;
  /** Jᵀw */
  readonly update: Float64Array;
  readonly state: S;
}

/**
 * Weights and update for a Jacobian [tasks, parameters] at hand, in float64 throughout: for study, tests and small problems. A tensor is read
 * (not under a trace). `state` defaults to a fresh one, `context` to one with every task present, step 0 and losses of 1.
 */
export function balanceJacobian<S>(
  jacobian: readonly (readonly number[])[] | Tensor2D,
  method: GradientBalancer<S> | LossWeighting<S>,
  state?: S,
  context?: BalancingContext,
): BalancedJacobian<S> {
  const rows = Array.isArray(jacobian) ? (jacobian as number[][]) : ((jacobian as Tensor2D).arraySync() as number[][]);
  const width = rows[0]?.length ?? 0;
  if (rows.length === 0 || rows.some((row) => row.length !== width))
    throw new TaskloomError('shape_mismatch', 'The Jacobian is not a matrix.', {
      name: 'jacobian',
      expected: '[tasks, parameters]',
      got: rows.map((row) => row.length),
    });
  const seen = context ?? balancingContext({ tasks: rows.length });
  if (seen.present.length !== rows.length)
    throw new TaskloomError('shape_mismatch', 'The context is about another number of tasks.', {
      name: 'context',
      expected: rows.length,
      got: seen.present.length,
    });
  const before = state ?? method.init(seen.tasks);
  const result =
    method.kind === 'loss-weighting' ? method.weigh(seen.losses, before, seen) : method.weigh(gramianOfRows(rows), before, seen);
  const update = new Float64Array(width);
  for (const [i, row] of rows.entries()) {
    const weight = result.weights[i]!;
    if (weight !== 0) for (let k = 0; k < width; k++) update[k]! += weight * row[k]!;
  }
  return { ...result, update };
}

function gramianOfRows(rows: readonly (readonly number[])[]): Float64Array {
  const count = rows.length;
  const gramian = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k < rows[i]!.length; k++) product += rows[i]![k]! * rows[j]![k]!;
      gramian[i * count + j] = product;
      gramian[j * count + i] = product;
    }
  }
  return gramian;
}
