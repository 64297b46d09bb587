import { addN, clipByValue as clip, div, maximum, minimum, mul, type Scalar, scalar, sqrt, square, sum, tidy } from '@tensorflow/tfjs-core';
import { flatten, type Params } from '../params';
import { positive } from './options';
import { leafwise, type Optimizer } from './transformation';

/** Each component of the gradients limited to [−limit, limit]. */
export function clipByValue(limit: number): Optimizer {
  positive('limit', limit);
  return leafwise({ init: {}, update: (u) => ({ update: clip(u, -limit, limit) }) });
}

/**
 * All gradients scaled by one factor min(1, maxNorm / ‖g‖), ‖g‖ the Euclidean norm over all leaves together
 * (Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063).
 */
export function clipByGlobalNorm(maxNorm: number): Optimizer {
  positive('maxNorm', maxNorm);
  return leafwise({
    init: {},
    common: (_, gradients) => minimum(1, div(maxNorm, maximum(globalNorm(gradients), 1e-30))),
    update: (u, _, { common }) => ({ update: mul(u, common) }),
  });
}

/** The Euclidean norm over all leaves of a tree, float32 []. The caller owns it. */
export function globalNorm(tree: Params): Scalar {
  const leaves = [...flatten(tree).values()];
  return leaves.length === 0 ? scalar(0) : tidy(() => sqrt(addN(leaves.map((leaf) => sum(square(leaf))))) as Scalar);
}
