import { combineRows, gramianOf, hostCall, jacobianStep, type Params, type Random } from '@taskloom/core';
import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { RowBalancing } from './row-balancing';

/** The gradient that task gradients make together. `rows`: those of each batch that is compared, one batch after another. */
export function balancedRows(
  balancing: RowBalancing,
  {
    rows,
    memory,
    losses,
    random,
    activations,
  }: {
    readonly rows: readonly Params[];
    readonly memory: Params;
    readonly losses: Tensor1D;
    readonly random: Random;
    readonly activations?: Params;
  },
): { update: Params; weights: Tensor1D; memory: Params } {
  const tasks = losses.size;
  if ('weighGramian' in balancing) {
    const [weights] = hostCall([gramianOf(rows), losses], [[tasks]], ([g, l]) => [balancing.weighGramian(g!, l!)]) as [Tensor1D];
    return { update: combineRows(rows, weights), weights, memory };
  }
  return jacobianStep(
    balancing.method,
    { tasks, rows, memory, random, activations },
    (gramian, lengths) =>
      hostCall(
        [losses, ...gramian],
        lengths.map((length) => [length]),
        ([l, g]) => {
          const told = balancing.weighRows(g ?? new Float64Array(), l!);
          return [told.weights, told.coefficients];
        },
      ) as Tensor1D[],
  );
}
