import type { Params } from '@taskloom/core';
import { type DenseParams, dense } from '@taskloom/core/modules';
import { add, mul } from '@tensorflow/tfjs-core';
import { alongTime, type Fusion, type FusionOptions } from './fusion';

/**
 * Feature-wise linear modulation: γ(e)⊙h + β(e), γ(e) = 1 + Wγ·e + bγ and β(e) = Wβ·e + bβ, all zero at the start: the identity (Perez et al. 2018,
 * arXiv:1709.07871).
 */
export function film({ width, taskWidth }: FusionOptions): Fusion {
  const zero = dense({ inputs: taskWidth, units: width, kernelInitializer: 'zeros' });
  return {
    width,
    config: { fusion: 'film', width, taskWidth },
    init: (random): Params => ({ scale: zero.init(random), shift: zero.init(random) }),
    apply(params, input, context) {
      const scale = add(zero.apply(params.scale as DenseParams, input.task, context), 1);
      const shift = zero.apply(params.shift as DenseParams, input.task, context);
      return add(mul(alongTime(scale, input), input.hidden), alongTime(shift, input));
    },
  };
}
