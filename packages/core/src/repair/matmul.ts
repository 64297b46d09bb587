import { einsum, reshape, type Tensor } from '@tensorflow/tfjs-core';
import { product, spread } from './backend-forms';
import { type Rules, sumTo } from './rule';

/** xᵀ·y over all rows of all batches: one product instead of many that are added up. */
function flatProduct(x: Tensor, y: Tensor): Tensor {
  const flat = (t: Tensor) => reshape(t, [-1, t.shape[t.rank - 1]!]);
  return product(flat(x), flat(y), true, false);
}

const batchOf = (t: Tensor) => t.shape.slice(0, -2).reduce((a, b) => a * b, 1);

/** The gradient of op(a)·op(b) with respect to `a`, batch dimensions broadcast. */
function left(dy: Tensor, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  if (!transposeA) return sumTo(product(dy, b, false, !transposeB), a.shape);
  return sumTo(product(b, dy, transposeB, true), a.shape);
}

/** The same with respect to `b`. */
function right(dy: Tensor, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const shared = batchOf(b) === 1 && batchOf(dy) > 1 && !transposeA && batchOf(a) === batchOf(dy);
  if (shared) return reshape(transposeB ? flatProduct(dy, a) : flatProduct(a, dy), b.shape);
  if (!transposeB) return sumTo(product(a, dy, !transposeA, false), b.shape);
  return sumTo(product(dy, a, true, transposeA), b.shape);
}

/** The fused product needs no rule: tfjs takes it apart while gradients are recorded, unless it is linear, and that case is right. */
export const matmulRules: Rules = {
  Einsum: {
    inputs: 'all',
    gradient: (dy, saved, { equation }) => {
      const [terms, result] = (equation as string).replaceAll(' ', '').split('->') as [string, string];
      const labels = terms.split(',');
      return saved.map((x, i) => () => {
        const others = saved.filter((_, j) => j !== i);
        const from = [result, ...labels.filter((_, j) => j !== i)];
        // A label that only this operand has was summed over: its gradient does not vary along it.
        const known = [...labels[i]!].filter((label) => from.join('').includes(label));
        // An equation that changes nothing gives the very same tensor on cpu, which the tape takes for its own input.
        const same = others.length === 0 && result === known.join('');
        const gradient = same ? dy : einsum(`${from.join(',')}->${known.join('')}`, dy, ...others);
        const shape = [...labels[i]!].map((label, axis) => (known.includes(label) ? x.shape[axis]! : 1));
        return spread(reshape(gradient, shape), x.shape);
      });
    },
  },
  BatchMatMul: {
    inputs: ['a', 'b'],
    gradient: (dy, [a, b], { transposeA, transposeB }) => ({
      a: () => left(dy, a!, b!, transposeA as boolean, transposeB as boolean),
      b: () => right(dy, a!, b!, transposeA as boolean, transposeB as boolean),
    }),
  },
};
