import {
  abs,
  add,
  concat,
  div,
  greater,
  matMul,
  maximum,
  minimum,
  mul,
  reshape,
  sign,
  split,
  sqrt,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tile,
  where,
} from '@tensorflow/tfjs-core';
import type { Arithmetic, Columns } from './columns';
import type { Random } from './random';

export const tensorArithmetic: Arithmetic<Tensor2D> = {
  add,
  sub,
  mul,
  div,
  minimum,
  maximum,
  greater,
  where: where as Arithmetic<Tensor2D>['where'],
  sqrt,
  abs,
  sign,
  count: (a) => a.shape[0],
  split: (a, parts) => split(a, parts),
  concat: (parts) => concat(parts, 0),
  weighted: (w, rows) => matMul(w, rows, true),
};

/** `activations` [batch, …, width]: the representation that rows are gradients of. */
export function tensorColumns(random: Random, activations: Tensor | undefined): Columns<Tensor2D> {
  const width = activations?.shape.at(-1) ?? 1;
  return {
    ...tensorArithmetic,
    uniform: (like) => random.uniform([1, like.shape[1]]) as Tensor2D,
    ...(activations && {
      representation: {
        values: reshape(activations, [1, activations.size]),
        fold: (rows) => sum(reshape(rows, [rows.shape[0], activations.size / width, width]), 1),
        spread: (rows) => tile(rows, [1, activations.size / width]),
      },
    }),
  };
}
