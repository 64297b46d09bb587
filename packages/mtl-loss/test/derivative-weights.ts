import { type LossWeighting, type Params, valueAndGradients } from '@taskloom/core';
import { type Tensor1D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { TotalLoss } from '../src';

/** The losses of the tasks 0 … 5 that scalarizations are looked at with. */
export const lossesOfTasks: readonly number[] = [1, 2.5, 0.3, 1.1, 0.5, 4];

/**
 * A scalarization as a weighting: ∂total/∂Lᵢ, which is what it multiplies each gradient by, at the start of its parameters. `order[i]` says which task row i is;
 * each brings its loss.
 */
export function derivativeWeights<P extends Params>(method: TotalLoss<P>, order: readonly number[]): LossWeighting<null> {
  return {
    kind: 'loss-weighting',
    name: method.name,
    needs: ['losses'],
    init: () => null,
    weigh: (_, state, { tasks, present }) => {
      const derivatives = tidy(() => {
        const parameters = method.init(tasks);
        const total = ({ losses }: { losses: Tensor1D }) => method.total(losses, parameters, tensor1d(Float32Array.from(present)));
        const losses = tensor1d(order.map((task) => lossesOfTasks[task]!));
        return valueAndGradients(total, { losses }).gradients.losses.dataSync();
      });
      return { weights: Float64Array.from(derivatives), state };
    },
  };
}
