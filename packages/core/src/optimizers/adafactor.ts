import {
  add,
  div,
  expandDims,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  pow,
  rsqrt,
  type Scalar,
  sqrt,
  square,
  sub,
  type Tensor,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { matcher } from '../params';
import { average, count } from './moments';
import { rootMeanSquare } from './norms';
import { fraction, nonNegative, positive } from './options';
import type { DecayOptions } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface AdafactorOptions extends DecayOptions {
  /** β₂(t) = 1 − t^−c. Default c = 0.8. */
  readonly decayRate?: number;
  /** ε₁, added to g². Default 1e-30. */
  readonly epsilon?: number;
  /** ε₂, least size of a parameter. Default 1e-3. */
  readonly leastScale?: number;
  /** d, greatest root mean square of an update. Default 1. */
  readonly clipThreshold?: number;
  /** β₁: keep a mean of the updates. Default: none, which saves memory. */
  readonly beta1?: number;
  /** Multiply the rate by max(ε₂, rms(x)). Default true. */
  readonly scaleParameter?: boolean;
  /** Take the paper's own rate min(10⁻², 1/√t) instead of the learning rate given. Default false. */
  readonly relativeStep?: boolean;
}

/**
 * Adafactor: the second moment of a matrix kept as the means of its rows and columns, V = R Cᵀ / mean(R); u = g/√V, divided by max(1, rms(u)/d);
 * x ← x − α max(ε₂, rms(x)) (u + λx). State `{ row, column }` for parameters of rank ≥ 2 (their last two axes), `{ variance }` for the others, and
 * `{ mean }` with β₁. Shazeer & Stern 2018, arXiv:1804.04235.
 */
export function adafactor({
  decayRate = 0.8,
  epsilon = 1e-30,
  leastScale = 1e-3,
  clipThreshold = 1,
  beta1,
  scaleParameter = true,
  relativeStep = false,
  weightDecay = 0,
  decayMask = '**',
}: AdafactorOptions = {}): Optimizer {
  positive('decayRate', decayRate);
  positive('clipThreshold', clipThreshold);
  nonNegative('epsilon', epsilon);
  nonNegative('leastScale', leastScale);
  if (beta1 !== undefined) fraction('beta1', beta1);
  const decays = matcher(decayMask);
  return leafwise({
    init: {
      row: (x) => (x.rank < 2 ? undefined : zeros(x.shape.slice(0, -1))),
      column: (x) => (x.rank < 2 ? undefined : zeros([...x.shape.slice(0, -2), x.shape[x.rank - 1]!])),
      variance: (x) => (x.rank < 2 ? zerosLike(x) : undefined),
      mean: (x) => (beta1 === undefined ? undefined : zerosLike(x)),
    },
    common: ({ step, learningRate }) => {
      const t = count(step);
      // decay(old, new) = old + t^−c · (new − old)
      return { fresh: pow(t, -decayRate), rate: relativeStep ? minimum(1e-2, div(1, sqrt(t))) : learningRate };
    },
    update: (g, state, { parameter, path, common }) => {
      const towards = (old: Tensor, value: Tensor) => add(old, mul(sub(value, old), common.fresh));
      const squares = add(square(g), epsilon);
      const factored = parameter.rank >= 2;
      const row = factored ? towards(state.row, mean(squares, -1)) : undefined;
      const column = factored ? towards(state.column, mean(squares, -2)) : undefined;
      const variance = factored ? undefined : towards(state.variance, squares);
      const root = row && column ? inverseRoot(row, column) : rsqrt(variance!);
      const raw = mul(g, root);
      const clipped = div(raw, maximum(1, div(rootMeanSquare(raw), clipThreshold)));
      const rate = (scaleParameter ? mul(common.rate, maximum(rootMeanSquare(parameter), leastScale)) : common.rate) as Scalar;
      const step = mul(clipped, rate);
      const averaged = beta1 === undefined ? step : average(state.mean, step, beta1);
      const whole = weightDecay !== 0 && decays(path) ? add(averaged, mul(parameter, mul(rate, weightDecay))) : averaged;
      return { update: neg(whole), row, column, variance, mean: beta1 === undefined ? undefined : averaged };
    },
  });
}

/** 1/√V with V = R Cᵀ / mean(R), as the product of two roots: neither over- nor underflows where V would. */
function inverseRoot(row: Tensor, column: Tensor): Tensor {
  return mul(expandDims(rsqrt(div(row, mean(row, -1, true))), -1), expandDims(rsqrt(column), -2));
}
