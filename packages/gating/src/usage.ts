import type { Context } from '@taskloom/core';
import {
  add,
  cast,
  div,
  expandDims,
  log,
  maximum,
  mean,
  mul,
  neg,
  oneHot,
  reshape,
  type Scalar,
  sum,
  type Tensor,
  type Tensor1D,
} from '@tensorflow/tfjs-core';
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

/** Measures a routing; see `Usage`. With `weight` [n] means are weighted by row, and zero where all weights are. */
export function usage(routing: Routing, experts: number, weight?: Tensor1D): Usage {
  const { index, probabilities } = routing;
  const chosen = index.shape[index.rank - 1] === experts ? topIndices(probabilities, 1) : index;
  const load = mean(cast(oneHot(chosen as Tensor1D, experts), 'float32'), -2);
  const entropy = neg(sum(mul(probabilities, log(add(probabilities, 1e-12))), -1, true));
  return {
    load: meanOverRows(load, weight),
    importance: meanOverRows(denseGates(routing, experts), weight),
    entropy: reshape(meanOverRows(entropy, weight), []),
  };
}

/** α·E·Σₑ fₑ·Pₑ with f the load and P the mean probabilities: α where routing is uniform, up to α·E where it collapses (Fedus et al. 2021, arXiv:2101.03961, eq. 4). */
export function balanceLoss(routing: Routing, load: Tensor1D, coefficient: number): Scalar {
  return mul(sum(mul(load, meanOverRows(routing.probabilities))), coefficient * load.shape[0]) as Scalar;
}

/** Records `load`, `importance` and `entropy`, and adds the auxiliary loss `balance` where a coefficient is given. */
export function observe(routing: Routing, router: Router, context: Context, balance?: number, weight?: Tensor1D): void {
  const { load, importance, entropy } = usage(routing, router.experts, weight);
  context.record('load', load);
  context.record('importance', importance);
  context.record('entropy', entropy);
  if (balance) context.loss('balance', balanceLoss(routing, load, balance));
}

/** x [n, …, k] → [k] */
function meanOverRows(x: Tensor, weight?: Tensor1D): Tensor1D {
  const k = x.shape[x.rank - 1]!;
  if (!weight) return mean(reshape(x, [-1, k]), 0) as Tensor1D;
  const rows = mean(reshape(x, [x.shape[0]!, -1, k]), 1);
  return div(sum(mul(rows, expandDims(weight, -1)), 0), maximum(sum(weight), 1e-6)) as Tensor1D;
}
