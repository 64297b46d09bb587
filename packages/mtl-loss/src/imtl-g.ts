import { checkNumbers, chosen, type FeatureBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
import { float32Tolerance, gramianEigen, product, settled, significant, spectral } from './gramian-eigen';
import type { Matrix } from './matrix';
import { unitRows } from './unit-rows';
import { filled, placed, plus, sizeOf, sumOf } from './vectors';

export interface ImtlGOptions {
  /**
   * Which of the solutions where gradients are linearly dependent; independent ones have one. `closed-form` (default, the paper's): the one with sum 1, so that
   * opposite gradients cancel; where even that is not unique, the least-squares one of the unit gradients. `pseudo-inverse` (TorchJD's): the least-squares one of
   * G w = norms of least norm, which large gradients dominate and whose update may go against a task.
   */
  readonly solution?: 'closed-form' | 'pseudo-inverse';
  /** A gradient of whose square no more than this lies outside the span of others depends on them. Default 1e-6, for Gramians in float32. */
  readonly tolerance?: number;
}

/**
 * The gradient balance of IMTL (L. Liu et al. 2021, "Towards Impartial Multi-task Learning", ICLR): weights with sum 1 whose update has equal projections on all unit
 * gradients, so that it leans to no task.
 *
 * Weights may be negative and, where the sum before its division is near 0, as large as you like; where it was negative, the update goes against every task. A zero
 * gradient has weight 0, and where the sum vanishes all have. Cost F + T·B.
 */
export function imtlG({ solution = 'closed-form', tolerance = float32Tolerance }: ImtlGOptions = {}): FeatureBalancer<null> {
  return statelessBalancer('imtl-g', impartial(solution, tolerance), { features: true });
}

export function impartial(solution: 'closed-form' | 'pseudo-inverse', tolerance: number): (gramian: Matrix) => Float64Array {
  const leastNorm = chosen('solution', solution, { 'closed-form': false, 'pseudo-inverse': true });
  checkNumbers({ tolerance }, 0, 1);
  return (gramian) => {
    const [rows, norms, cosines, weightsOf] = unitRows(gramian);
    const ones = filled(rows.length, 1);
    // With y = w ∘ norms and cosines C the projections are Cy: all equal means Cy ∝ 1.
    const pairs = gramianEigen(cosines, tolerance);
    if (pairs.length < ones.length && leastNorm)
      return shares(spectral(gramianEigen(gramian, tolerance), -1, placed(gramian.length, rows, norms)));
    // If one combination vanishes, it has equal projections too, namely none. It is what of 1 lies outside the range of C, unless that is nothing.
    const outside = settled(plus(ones, spectral(pairs, 0, ones), -1));
    const vanishing = pairs.length === ones.length - 1 && product(outside, outside) > tolerance;
    return shares(weightsOf(vanishing ? outside : settled(spectral(pairs, -1, ones))));
  };
}

function shares(weights: Float64Array): Float64Array {
  const total = significant(sumOf(weights), sizeOf(weights));
  return weights.map((weight) => total && weight / total);
}
