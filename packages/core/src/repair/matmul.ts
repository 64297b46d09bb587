import { matMul, reshape, type Tensor } from '@tensorflow/tfjs-core';
import { type Rules, sumTo } from './rule';

/** xᵀ·y over all rows of all batches: one product instead of many that are added up. */
function flatProduct(x: Tensor, y: Tensor): Tensor {
  const flat = (t: Tensor) => reshape(t, [-1, t.shape[t.rank - 1]!]);
  return matMul(flat(x), flat(y), true, false);
}

const batchOf = (t: Tensor) => t.shape.slice(0, -2).reduce((a, b) => a * b, 1);

/** The gradient of op(a)·op(b) with respect to `a`, batch dimensions broadcast. */
function left(dy: Tensor, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  if (!transposeA) return sumTo(matMul(dy, b, false, !transposeB), a.shape);
  return sumTo(matMul(b, dy, transposeB, true), a.shape);
}

/** The same with respect to `b`. */
function right(dy: Tensor, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const shared = batchOf(b) === 1 && batchOf(dy) > 1 && !transposeA && batchOf(a) === batchOf(dy);
  if (shared) return reshape(transposeB ? flatProduct(dy, a) : flatProduct(a, dy), b.shape);
  if (!transposeB) return sumTo(matMul(a, dy, !transposeA, false), b.shape);
  return sumTo(matMul(dy, a, true, transposeA), b.shape);
}

/** The fused product needs no rule: tfjs takes it apart while gradients are recorded, unless it is linear, and that case is right. */
export const matmulRules: Rules = {
  BatchMatMul: {
    inputs: ['a', 'b'],
    gradient: (dy, [a, b], { transposeA, transposeB }) => ({
      a: () => left(dy, a!, b!, transposeA as boolean, transposeB as boolean),
      b: () => right(dy, a!, b!, transposeA as boolean, transposeB as boolean),
    }),
  },
};
