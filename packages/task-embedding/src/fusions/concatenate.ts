import type { Params } from '@taskloom/core';
import { type DenseParams, dense } from '@taskloom/core/modules';
import { add, concat, zeros } from '@tensorflow/tfjs-core';
import { alongTime, type Fusion, type FusionOptions } from './fusion';

export interface ConcatenateOptions extends FusionOptions {
  /** Brings the result back to this width by a dense layer. Default: none, the result is `width + taskWidth` wide. */
  readonly units?: number;
}

/** [h; e], or W·[h; e] + b with `units`. */
export function concatenate({ width, taskWidth, units }: ConcatenateOptions): Fusion {
  const project = units === undefined ? undefined : dense({ inputs: width + taskWidth, units });
  return {
    width: units ?? width + taskWidth,
    config: { fusion: 'concatenate', width, taskWidth, units },
    init: (random): Params => (project ? project.init(random) : {}),
    apply(params, input, context) {
      const { hidden } = input;
      const task = add(alongTime(input.task, input), zeros([...hidden.shape.slice(0, -1), 1]));
      const both = concat([hidden, task], hidden.rank - 1);
      return project ? project.apply(params as DenseParams, both, context) : both;
    },
  };
}
