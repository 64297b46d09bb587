import type { Params } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import { add as plus } from '@tensorflow/tfjs-core';
import { alongTime, type Fusion, type FusionOptions } from './fusion';

/** h + W·e. */
export function add({ width, taskWidth }: FusionOptions): Fusion {
  const project = dense({ inputs: taskWidth, units: width, bias: false });
  return {
    width,
    config: { fusion: 'add', width, taskWidth },
    init: (random): Params => project.init(random),
    apply: (params, input, context) =>
      plus(input.hidden, alongTime(project.apply(params as Parameters<typeof project.apply>[0], input.task, context), input)),
  };
}
