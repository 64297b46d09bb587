import { balancedRows, hostCall, type Params, type Random } from '@taskloom/core';
import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { RowBalancing } from './row-balancing';

/** The gradient that task gradients make together. `rows`: those of each batch that is compared, one batch after another. */
export function hostBalancedRows(
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
  return balancedRows(
    'method' in balancing ? balancing.method : undefined,
    { tasks: losses.size, rows, memory, random, activations },
    (reads, lengths) =>
      hostCall(
        [losses, ...reads],
        lengths.map((length) => [length]),
        ([l, read = new Float64Array(), own]) => {
          if ('weighGramian' in balancing) return [balancing.weighGramian(read, l!)];
          const { weights, coefficients } = balancing.weighRows(read, l!, own);
          return [weights, coefficients];
        },
      ) as Tensor1D[],
  );
}
