import {
  assertShape,
  type BalancingContext,
  balancingContext,
  combineHostRows,
  type GradientBalancer,
  gramianOfHostRows,
  hostJacobianStep,
  type JacobianMethod,
  type JacobianState,
} from '@taskloom/core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { type LossBased, weighed } from './loss-based';

export interface BalancedJacobian<S> {
  /** One per row. Of a Jacobian method whose update is no combination of rows: how much each task counts. */
  readonly weights: Float64Array;
  /** Jᵀw, or what a Jacobian method makes of the rows. */
  readonly update: Float64Array;
  readonly state: S;
}

/** [tasks, parameters] */
export type Jacobian = readonly (readonly number[])[] | Tensor2D;

/** What the rows are gradients of, where they are gradients at a shared representation: [batch, width]; the columns are in this order. */
export type Representation = readonly (readonly number[])[];

/**
 * Weights and update for a Jacobian [tasks, parameters] at hand, in float64 throughout: for study, tests and small problems. A tensor is read
 * (not under a trace). `state` defaults to a fresh one, `context` to one with every task present, step 0 and losses of 1.
 *
 * A Jacobian method that compares batches takes a list of Jacobians, one a batch; a single one stands for all of them, as exact gradients do.
 */
export function balanceJacobian<S>(
  jacobian: Jacobian,
  method: GradientBalancer<S> | LossBased<S>,
  state?: S,
  context?: BalancingContext,
): BalancedJacobian<S>;
export function balanceJacobian<S>(
  jacobian: Jacobian | readonly Jacobian[],
  method: JacobianMethod<S>,
  state?: JacobianState<S>,
  context?: BalancingContext,
  representation?: Representation,
): BalancedJacobian<JacobianState<S>>;
/** For a method of any of these families. */
export function balanceJacobian<S>(
  jacobian: Jacobian | readonly Jacobian[],
  method: GradientBalancer<S> | LossBased<S> | JacobianMethod<S>,
  state?: S | JacobianState<S>,
  context?: BalancingContext,
  representation?: Representation,
): BalancedJacobian<S | JacobianState<S>>;
export function balanceJacobian<S>(
  jacobian: Jacobian | readonly Jacobian[],
  method: GradientBalancer<S> | LossBased<S> | JacobianMethod<S>,
  state?: S | JacobianState<S>,
  context?: BalancingContext,
  representation?: Representation,
): BalancedJacobian<S | JacobianState<S>> {
  const batches = batchesOf(jacobian);
  const [rows] = batches as [number[][]];
  // A row of that length for each task of the first batch, and for one at the least.
  const lengths = Array.from({ length: rows.length || 1 }, () => rows[0]?.length ?? 0);
  for (const batch of batches)
    assertShape(
      batch.map((row) => row.length),
      lengths,
      'jacobian',
      'One row a task, all of one length, in each batch.',
    );
  const seen = context ?? balancingContext({ tasks: rows.length });
  assertShape([seen.present.length], [rows.length], 'context.present');
  if (method.kind === 'jacobian-method')
    return hostJacobianStep(batches, method, state as JacobianState<S> | undefined, seen, representation);
  const before = (state as S | undefined) ?? method.init(seen.tasks);
  const result = weighed(method, gramianOfHostRows(rows), before, seen);
  return { ...result, update: combineHostRows(rows, result.weights) };
}

/** One Jacobian, or one a batch. */
function batchesOf(jacobian: Jacobian | readonly Jacobian[]): number[][][] {
  const host = (given: unknown) => (Array.isArray(given) ? given : (given as Tensor2D).arraySync());
  if (!Array.isArray(jacobian)) return [host(jacobian)];
  const all = jacobian.map(host);
  return Array.isArray(all[0]?.[0]) ? all : [jacobian];
}
