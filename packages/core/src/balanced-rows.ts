import { reshape, slice, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import type { Balancer, JacobianMethod } from './balancing';
import { combineColumns, combineRows, gramianOf, jacobianMemory, joinedLeaves, splitLeaves } from './jacobian';
import type { Params } from './params';
import type { Random } from './random';

export interface RowsToBalance<P extends Params> {
  readonly tasks: number;
  /** The task gradients of each batch, one batch after another. */
  readonly rows: readonly P[];
  /** What the step before left. Default: what a method begins with. */
  readonly memory?: Params;
  readonly random: Random;
  /** The representation that the rows are gradients of. */
  readonly activations?: Params;
}

export interface BalancedRows<P extends Params> {
  /** [tasks, tasks], of the first batch. */
  readonly gramian: Tensor2D;
  readonly weights: Tensor1D;
  readonly update: P;
  readonly memory: Params;
}

/**
 * The update that task gradients make together, by a Jacobian method or, with another or none, by weights. `ask` gets what the method reads, the Gramian of all rows, or nothing, or the rows
 * (and, for whoever looks on, the Gramian of the first batch), and the lengths of the vectors that it has to give: weights, and coefficients as the method's `weigh` makes them on the host. The caller owns the tensors.
 */
export function balancedRows<P extends Params>(
  method:
    | Pick<JacobianMethod, 'kind' | 'columns' | 'derived' | 'memory' | 'needs' | 'onHost'>
    | { readonly kind: Exclude<Balancer['kind'], 'jacobian-method'> }
    | undefined,
  { tasks, rows, memory: given, random, activations }: RowsToBalance<P>,
  ask: (read: readonly Tensor2D[], lengths: readonly number[]) => readonly Tensor1D[],
): BalancedRows<P> {
  const own = rows.slice(0, tasks);
  if (method?.kind !== 'jacobian-method') {
    const gramian = gramianOf(own);
    const [weights] = ask([gramian], [tasks]) as [Tensor1D];
    return { gramian, weights, update: combineRows(own, weights), memory: {} };
  }
  const { columns, derived } = method;
  const memory = given ?? jacobianMemory(method, rows[0]!, tasks);
  const carried = method.memory?.(tasks) ?? 0;
  if (method.onHost) {
    const whole = joinedLeaves(rows, memory);
    const gramian = gramianOf(own);
    const [weights, made] = ask([whole, gramian], [tasks, (1 + carried) * whole.shape[1]]) as [Tensor1D, Tensor1D];
    return { gramian, weights, ...splitLeaves(rows[0]!, reshape(made, [1 + carried, whole.shape[1]])) };
  }
  const count = columns ? columns.coefficients(tasks) : (1 + carried) * (rows.length + carried + (derived?.count(tasks) ?? 0));
  const whole = method.needs.includes('gramian') ? gramianOf(rows, memory, derived) : undefined;
  const [weights, coefficients] = ask(whole ? [whole] : [], [tasks, count]) as [Tensor1D, Tensor1D];
  return {
    gramian: whole ? slice(whole, [0, 0], [tasks, tasks]) : gramianOf(own),
    weights,
    ...combineColumns(method, { rows, memory, coefficients, random, activations }),
  };
}
