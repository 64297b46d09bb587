import { type Params, TaskloomError } from '@taskloom/core';
import { add, expandDims, max, mul, reshape, slice, type Tensor, zeros } from '@tensorflow/tfjs-core';
import type { Rule } from '../config';

/** Where a head's scores stand among the last `of` numbers of the encoding. */
export interface LinearColumns {
  readonly from: number;
  readonly of: number;
  /** Scores to logits; at 0 they have no say. Default 2. */
  readonly scale?: number;
  /** Where the scores of finer classes stand, each of which lies within one of the head's. */
  readonly finer?: { readonly from: number; readonly count: number };
}

/** What stands at a finer class that does not lie within a class: far below any score, and a number in half precision too. */
export const notWithin = -1e4;

const isIndex = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;

export const linearRule: Rule = {
  words: '{ from, of, scale?, finer?: { from, count } }: whole numbers and a number ≥ 0',
  test(value) {
    const { from, of, scale = 1, finer = { from: 0, count: 1 }, ...others } = (value ?? {}) as Record<string, unknown>;
    const { from: first, count, ...more } = (finer ?? {}) as Record<string, unknown>;
    const known = Object.keys(others).length + Object.keys(more).length === 0;
    return known && [from, of, first, count].every(isIndex) && (count as number) > 0 && Number.isFinite(scale) && (scale as number) >= 0;
  },
};

/**
 * K numbers of an encoding as the scores of K classes: logits scale·(x + b). With F finer ones y each class has the best of those within it besides: scale·(x + b + 2·max_f(y + c)), where c `[K, F]` are
 * biases for the finer classes within a class and `notWithin` for all others.
 */
export function linearMember({ from, of, scale = 2, finer }: LinearColumns, classes: number, inputs: number) {
  const last = Math.max(from + classes, finer ? finer.from + finer.count : 0);
  if (last > of || of > inputs)
    throw new TaskloomError('bad_option', 'The encoding has no such scores.', {
      name: 'linear',
      got: { from, of, finer },
      expected: `${classes} of at most ${inputs} numbers`,
    });
  return {
    init: (): Params => ({ bias: zeros([classes]), ...(finer && { finer: zeros([classes, finer.count]) }) }),
    apply(params: Params, scores: Tensor): Tensor {
      const own = withBias(columns(scores, from, classes), params.bias as Tensor, 1);
      if (!finer) return mul(own, scale);
      const finest = withBias(expandDims(columns(scores, finer.from, finer.count), -2), params.finer as Tensor, 2);
      return mul(add(own, mul(max(finest, -1), 2)), scale);
    },
  };
}

function columns(scores: Tensor, from: number, count: number): Tensor {
  return slice(scores, [...new Array<number>(scores.rank - 1).fill(0), from], [...scores.shape.slice(0, -1), count]);
}

/** Rows stand between a task axis and the last `axes` of the bias. */
function withBias(scores: Tensor, bias: Tensor, axes: number): Tensor {
  const at = bias.rank - axes;
  const between = new Array<number>(scores.rank - bias.rank).fill(1);
  return add(scores, reshape(bias, [...bias.shape.slice(0, at), ...between, ...bias.shape.slice(at)]));
}
