import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { JacobianMethod } from './balancing';
import { combineColumns, gramianOf, jacobianMemory } from './jacobian';
import type { Params } from './params';
import type { Random } from './random';

export interface JacobianStepOptions<P extends Params> {
  readonly tasks: number;
  /** The task gradients of each batch, one batch after another. */
  readonly rows: readonly P[];
  /** What the step before left. Default: what a method begins with. */
  readonly memory?: Params;
  readonly random: Random;
  /** The representation that the rows are gradients of. */
  readonly activations?: Params;
}

/**
 * A Jacobian method's update and new memory. `ask` gets the Gramian of all rows, or nothing where the method does not read it, and the lengths of the two vectors that
 * it has to give: weights and coefficients, as the method's `weigh` makes them on the host. The caller owns the tensors.
 */
export function jacobianStep<P extends Params>(
  method: Pick<JacobianMethod, 'columns' | 'derived' | 'memory' | 'needs'>,
  { tasks, rows, memory = jacobianMemory(method, rows[0]!, tasks), random, activations }: JacobianStepOptions<P>,
  ask: (gramian: readonly Tensor2D[], lengths: readonly [number, number]) => readonly Tensor1D[],
): { readonly gramian?: Tensor2D; readonly weights: Tensor1D; readonly update: P; readonly memory: Params } {
  const { columns, derived } = method;
  const carried = method.memory?.(tasks) ?? 0;
  const count = columns ? columns.coefficients(tasks) : (1 + carried) * (rows.length + carried + (derived?.count(tasks) ?? 0));
  const gramian = method.needs.includes('gramian') ? gramianOf(rows, memory, derived) : undefined;
  const [weights, coefficients] = ask(gramian ? [gramian] : [], [tasks, count]) as [Tensor1D, Tensor1D];
  return { gramian, weights, ...combineColumns(method, { rows, memory, coefficients, random, activations }) };
}
