import { broadcastTo, fill, getBackend, matMul, mul, ones, reshape, sum, type Tensor, transpose } from '@tensorflow/tfjs-core';

/*
 * The same operation in the form that the active backend computes fastest. On wasm a matrix product with a transposed side is five to twenty
 * times slower than the transposition and a plain product, `tile` five times slower than a multiplication by ones, and a sum over leading axes
 * eight times slower than a product with ones.
 */

const onWasm = () => getBackend() === 'wasm';
const sizeOf = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/**
 * op(a)·op(b) as `matMul`, which it is on all backends but wasm. The wasm backend remembers a plain right side by its buffer and forgets that a
 * reshaped copy shares it; what a gradient function multiplies is safe, since saved inputs are copies there and a gradient flows to one op only.
 */
export function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  if (!onWasm() || sizeOf(a.shape.slice(0, -2)) > 1 || sizeOf(b.shape.slice(0, -2)) > 1) return matMul(a, b, transposeA, transposeB);
  return matMul(transposeA ? swapped(a) : a, transposeB ? swapped(b) : b);
}

/** The last two axes exchanged. */
function swapped(x: Tensor): Tensor {
  return transpose(x, [...Array.from({ length: x.rank - 2 }, (_, axis) => axis), x.rank - 1, x.rank - 2]);
}

/** x repeated to `shape`, which it can be broadcast to; `broadcastTo` leaves an axis of size 1 as it is where 0 is asked for. */
export function spread(x: Tensor, shape: readonly number[]): Tensor {
  if (shape.includes(0)) return fill([...shape], 0);
  return onWasm() ? mul(fill([...shape], 1), x) : broadcastTo(x, [...shape]);
}

/** Σ over the first `count` axes. */
export function sumLeading(x: Tensor, count: number): Tensor {
  const axes = Array.from({ length: count }, (_, axis) => axis);
  if (!onWasm() || x.rank === count) return sum(x, axes);
  const rows = sizeOf(x.shape.slice(0, count));
  const rest = x.shape.slice(count);
  return reshape(matMul(ones([rows, 1]), reshape(x, [rows, sizeOf(rest)]), true), rest);
}
