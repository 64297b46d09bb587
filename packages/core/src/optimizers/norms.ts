import { add, cast, div, greater, logicalAnd, maximum, mean, mul, sqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';

/** The Euclidean norm of all components, float32 []. */
export function norm(x: Tensor): Tensor {
  return sqrt(sum(square(x)));
}

/** The root of the mean square of all components, float32 []. */
export function rootMeanSquare(x: Tensor): Tensor {
  return sqrt(mean(square(x)));
}

/** a / b of two scalars ≥ 0, and 1 where either is zero. */
export function ratioOrOne(a: Tensor, b: Tensor): Tensor {
  const both = cast(logicalAnd(greater(a, 0), greater(b, 0)), 'float32');
  return add(1, mul(both, sub(div(a, maximum(b, 1e-30)), 1)));
}
