import { type Matrix, multiply } from './matrix';
import { between } from './projected-gradient';
import { dot, filled, plus } from './vectors';

/**
 * min wᵀGw over the simplex by Frank–Wolfe with exact line search from uniform weights, as O. Sener and V. Koltun 2018 (algorithm 2) do it:
 * stops when the step is below `epsilon` or after `iterations`. An approximation; see `minNormPoint` for the exact solution.
 */
export function frankWolfe(gramian: Matrix, epsilon: number, iterations: number): Float64Array {
  const { length } = gramian;
  let weights = filled(length, 1 / length);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const products = multiply(gramian, weights);
    const vertex = products.indexOf(Math.min(...products));
    const [kept] = between(dot(weights, products), products[vertex]!, gramian[vertex]![vertex]!, 0);
    const step = 1 - kept;
    weights = plus(weights, weights, -step);
    weights[vertex]! += step;
    if (step < epsilon) break;
  }
  return weights;
}
