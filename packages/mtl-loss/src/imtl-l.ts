import { checkNumbers } from '@taskloom/core';
import { exp, fill, mul, sub, sum, type Tensor1D } from '@tensorflow/tfjs-core';
import { presentLosses } from './present-losses';
import { scalarization, type TotalLoss } from './total-loss';
import { trained } from './trained';

export interface ImtlLOptions {
  /** Start of each s. Default 0: the plain sum. */
  readonly initial?: number;
}

/** `logScales` float32 [tasks], in the order of the losses; trained with the model. */
export type ImtlLParameters = { readonly logScales: Tensor1D };

/**
 * The loss balance of IMTL (L. Liu et al. 2021, "Towards Impartial Multi-task Learning", ICLR): Σ e^(sᵢ) Lᵢ − sᵢ with sᵢ learned per task. At its
 * minimum over s every e^(sᵢ) Lᵢ is 1: all tasks have the same scaled loss. An absent task adds nothing, and its s gets no gradient. A loss
 * that falls to 0 lets its s grow without bound, at the pace of the learning rate. Cost F + B.
 * `total` throws `not_initialized` without its parameters, `shape_mismatch` for another number of tasks.
 */
export function imtlL({ initial = 0 }: ImtlLOptions = {}): TotalLoss<ImtlLParameters> {
  checkNumbers({ initial });
  return scalarization(
    'imtl-l',
    (tasks): ImtlLParameters => ({ logScales: fill([tasks.length], initial) }),
    (losses, parameters, present) => {
      const logScales = trained('imtlL', losses, parameters, 'logScales');
      const scaled = mul(exp(logScales), presentLosses(losses, present));
      return sum(sub(scaled, mul(logScales, present)));
    },
  );
}
