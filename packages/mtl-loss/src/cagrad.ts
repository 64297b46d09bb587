import { checkCounts, checkNumbers, type GradientBalancer } from '@taskloom/core';
import { ballPoint } from './ball-point';
import { statelessBalancer } from './gradient-balancer';
import { diagonal, mapped } from './matrix';
import { filled, plus, sumOf } from './vectors';

export interface CagradOptions {
  /** Radius of the search around the mean gradient g₀, in units of ‖g₀‖: 0 is the mean, a large one goes towards MGDA. Default 0.4. */
  readonly c?: number;
  /** The update is divided by 1 (0), by 1 + c² (1, default, as published), or by 1 + c (2), so that it is not longer for a greater c. */
  readonly rescale?: 0 | 1 | 2;
  /** The update is zero where the worst-off combination g_w is shorter than this, in units of the root of Σ ‖gᵢ‖²: no direction helps all. 0: never. Default 1e-4. */
  readonly normEps?: number;
}

/**
 * CAGrad, conflict-averse gradient descent (B. Liu et al. 2021, arXiv 2110.14048): of all d with ‖d − g₀‖ ≤ c‖g₀‖ the one that lowers the worst-off task most,
 * max minᵢ gᵢ·d. It is d = g₀ + c‖g₀‖/‖g_w‖ · g_w, where w on the simplex minimises g_w·g₀ + c‖g₀‖‖g_w‖, g_w = Σ wᵢgᵢ.
 *
 * For c < 1 it converges to a minimum of the mean loss (with `normEps` 0), for c ≥ 1 the update conflicts with no task but goes to any Pareto stationary point.
 * The published implementations rescale in three ways: authors' code and LibMTL 1, LibMTL by option 0 and 2, TorchJD 0, toy script 2.
 * Cost F + T·B, and five to eight quadratic programs with T unknowns.
 */
export function cagrad({ c = 0.4, rescale = 1, normEps = 1e-4 }: CagradOptions = {}): GradientBalancer<null> {
  checkNumbers({ c, normEps }, 0);
  checkCounts({ rescale }, 0, 2);
  const divisor = [1, 1 + c * c, 1 + c][rescale]!;
  return statelessBalancer('cagrad', (gramian) => {
    const size = sumOf(diagonal(gramian));
    const weights = filled(gramian.length, 1 / gramian.length / divisor);
    if (!(size > 0)) return weights;
    const [extra, norm] = ballPoint(
      mapped(gramian, (product) => product / size),
      c,
    );
    return norm < normEps ? weights.fill(0) : plus(weights, extra, 1 / divisor);
  });
}
