import type { Context } from '@taskloom/core';
import { add, cast, log, mean, mul, neg, oneHot, reshape, type Scalar, sum, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { denseGates } from './dispatch';
import type { Router, Routing } from './router';
import { topIndices } from './routers/top-indices';

/** How a batch used its experts. */
export interface Usage {
  /** [experts]: the share of all assignments that each expert got, summing to 1; where every row goes to all, of the rows that value it most. A constant to gradients. */
  readonly load: Tensor1D;
  /** [experts]: mean gate. */
  readonly importance: Tensor1D;
  /** Mean over the rows of −Σ p log p: 0 where rows choose sharply, log(experts) where evenly. */
  readonly entropy: Scalar;
}

/** Measures a routing; see `Usage`. */
export function usage(routing: Routing, experts: number): Usage {
  const { index, probabilities } = routing;
  const chosen = index.shape[index.rank - 1] === experts ? topIndices(probabilities, 1) : index;
  const entropy = neg(sum(mul(probabilities, log(add(probabilities, 1e-12))), -1));
  return {
    load: mean(cast(oneHot(reshape(chosen, [-1]) as Tensor1D, experts), 'float32'), 0) as Tensor1D,
    importance: meanOverRows(denseGates(routing, experts)),
    entropy: mean(entropy) as Scalar,
  };
}

/** α·E·Σₑ fₑ·Pₑ with f the load and P the mean probabilities: α where routing is uniform, up to α·E where it collapses (Fedus et al. 2021, arXiv:2101.03961, eq. 4). */
export function balanceLoss(routing: Routing, load: Tensor1D, coefficient: number): Scalar {
  return mul(sum(mul(load, meanOverRows(routing.probabilities))), coefficient * load.shape[0]) as Scalar;
}

/** Records `load`, `importance` and `entropy`, and adds the auxiliary loss `balance` where a coefficient is given. */
export function observe(routing: Routing, router: Router, context: Context, balance?: number): void {
  const { load, importance, entropy } = usage(routing, router.experts);
  context.record('load', load);
  context.record('importance', importance);
  context.record('entropy', entropy);
  if (balance) context.loss('balance', balanceLoss(routing, load, balance));
}

function meanOverRows(x: Tensor): Tensor1D {
  return mean(reshape(x, [-1, x.shape[x.rank - 1]!]), 0) as Tensor1D;
}
