import { type HeadInput, TaskloomError } from '@taskloom/core';
import { abs, add, concat, mul, rsqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';

/** [u, v, |u − v|, u∘v]: two encodings `[…, d]` → `[…, 4d]`, for relations with a direction (Conneau et al. 2017, arXiv:1705.02364, and v's own features). */
export function orderedPairFeatures(u: Tensor, v: Tensor): Tensor {
  return concat([u, v, abs(sub(u, v)), mul(u, v)], -1);
}

/** [|u − v|, u∘v, cos(u, v)]: `[…, d]` twice → `[…, 2d + 1]`. Symmetric: exchanging u and v changes no bit. */
export function symmetricPairFeatures(u: Tensor, v: Tensor): Tensor {
  return concat([abs(sub(u, v)), mul(u, v), cosine(u, v)], -1);
}

/** u·v / √(‖u‖²‖v‖² + 1e-12): `[…, d]` twice → `[…, 1]`. Zero, with finite gradients, where a vector is zero. */
export function cosine(u: Tensor, v: Tensor): Tensor {
  const norms = mul(sum(square(u), -1, true), sum(square(v), -1, true));
  return mul(sum(mul(u, v), -1, true), rsqrt(add(norms, 1e-12)));
}

/** The partner's encoding; throws `pair_missing` where the task's rows name none. */
export function partner(input: HeadInput, kind: string): Tensor {
  if (input.pair) return input.pair.pooled;
  throw new TaskloomError('pair_missing', `A head of kind '${kind}' for pairs got single rows.`, {
    name: 'pair',
    remedy: 'Give the task a `pair` index beside its `index`.',
  });
}
