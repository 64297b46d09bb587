import { add, div, mul, type Scalar, square, sub, type Tensor, tanh } from '@tensorflow/tfjs-core';

/** decay · mean + (1 − decay) · value. */
export function average(mean: Tensor, value: Tensor, decay: number): Tensor {
  return add(mul(mean, decay), mul(value, 1 - decay));
}

/** decay · mean + (1 − decay) · value². */
export function averageSquare(mean: Tensor, value: Tensor, decay: number): Tensor {
  return average(mean, square(value), decay);
}

/** t = step + 1 as the papers count, float32 []. */
export function count(step: Scalar): Scalar {
  return add(step, 1) as Scalar;
}

/**
 * 1 − decay^t, float32 [], the bias correction of an exponential average after t values. Computed as −expm1(t ln decay) through
 * expm1(x) = 2 tanh(x/2) / (1 − tanh(x/2)), which keeps all digits where decay^t is near 1.
 */
export function biasCorrection(decay: number, t: Scalar): Scalar {
  if (decay === 0) return add(mul(t, 0), 1) as Scalar;
  const half = tanh(mul(t, Math.log(decay) / 2));
  return div(mul(half, -2), sub(1, half)) as Scalar;
}
