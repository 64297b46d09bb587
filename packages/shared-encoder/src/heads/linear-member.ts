import { type Params, TaskloomError } from '@taskloom/core';
import { add, mul, reshape, slice, type Tensor, zeros } from '@tensorflow/tfjs-core';
import type { Rule } from '../config';

/** Where a head's scores stand among the last `of` numbers of the encoding. */
export interface LinearColumns {
  readonly from: number;
  readonly of: number;
  /** Scores to logits. Default 2. */
  readonly scale?: number;
}

const isIndex = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;

export const linearRule: Rule = {
  words: '{ from, of, scale? }: whole numbers ≥ 0, a number > 0',
  test(value) {
    const { from, of, scale = 1, ...others } = (value ?? {}) as Record<string, unknown>;
    return isIndex(from) && isIndex(of) && Number.isFinite(scale) && (scale as number) > 0 && Object.keys(others).length === 0;
  },
};

/** K numbers of an encoding as the scores of K classes: logits scale·(x + b). */
export function linearMember({ from, of, scale = 2 }: LinearColumns, classes: number, inputs: number) {
  if (from + classes > of || of > inputs)
    throw new TaskloomError('bad_option', 'The encoding has no such scores.', {
      name: 'linear',
      got: { from, of },
      expected: `${classes} of at most ${inputs} numbers`,
    });
  return {
    init: (): Params => ({ bias: zeros([classes]) }),
    apply(params: Params, scores: Tensor): Tensor {
      const bias = params.bias as Tensor;
      const begin = [...new Array<number>(scores.rank - 1).fill(0), from];
      const own = slice(scores, begin, [...scores.shape.slice(0, -1), classes]);
      // Rows stand between a task axis and the classes.
      const perRow = [...bias.shape.slice(0, -1), ...new Array<number>(scores.rank - bias.rank).fill(1), classes];
      return mul(add(own, reshape(bias, perRow)), scale);
    },
  };
}
