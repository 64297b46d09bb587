import type { Params } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import { add, expandDims, fill, mul, sigmoid, sub, type Tensor } from '@tensorflow/tfjs-core';
import { alongTime, type Fusion, type FusionOptions } from './fusion';

export interface WeightedOptions extends FusionOptions {
  /** α at the start, in (0, 1). Default 0.5. */
  readonly initial?: number;
}

/** α⊙h + (1 − α)⊙W·e with α = σ(a), a learned `[width]`: how much of each feature is the row's, how much the task's. */
export function weighted({ width, taskWidth, initial = 0.5 }: WeightedOptions): Fusion {
  const project = dense({ inputs: taskWidth, units: width, bias: false });
  return {
    width,
    config: { fusion: 'weighted', width, taskWidth, initial },
    init: (random): Params => ({ project: project.init(random), weight: fill([width], Math.log(initial / (1 - initial))) }),
    apply(params, input, context) {
      const vector = project.apply(params.project as Parameters<typeof project.apply>[0], input.task, context);
      const alpha = alongTime(expandDims(sigmoid(params.weight as Tensor), -2), input);
      return add(mul(alpha, input.hidden), mul(sub(1, alpha), alongTime(vector, input)));
    },
  };
}
