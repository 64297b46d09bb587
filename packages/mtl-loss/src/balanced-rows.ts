import { combineRows, type GradientBalancer, gramianOf, type JacobianMethod, jacobianStep, type Params } from '@taskloom/core';
import { slice, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import type { Asked } from './ask-method';
import type { LossBased } from './loss-based';

export interface BalancedRows<P extends Params> {
  /** [tasks, tasks], of the first batch. */
  readonly gramian: Tensor2D;
  readonly weights: Tensor1D;
  readonly update: P;
  readonly memory: Params;
}

/** What a method makes of the task gradients of all its batches. `activations`: the representation that they are gradients at. */
export function balancedRows<P extends Params, S>(
  asked: Asked<S>,
  method: GradientBalancer<S> | LossBased<S> | JacobianMethod<S>,
  losses: Tensor1D,
  rows: readonly P[],
  { memory, activations }: { readonly memory?: Params; readonly activations?: Params },
): BalancedRows<P> {
  const tasks = asked.names.length;
  const own = rows.slice(0, tasks);
  if (method.kind !== 'jacobian-method') {
    const gramian = gramianOf(own);
    const weights = asked.weights(method, gramian, losses);
    return { gramian, weights, update: combineRows(own, weights), memory: {} };
  }
  const made = jacobianStep(method, { tasks, rows, memory, random: asked.random, activations }, (gramian, lengths) =>
    asked.call(gramian, lengths, losses, ([products], before, context) => {
      const { weights, coefficients, state } = method.weigh(products ?? new Float64Array(), before, context);
      return { values: [weights, coefficients], state };
    }),
  );
  return { ...made, gramian: made.gramian ? slice(made.gramian, [0, 0], [tasks, tasks]) : gramianOf(own) };
}
