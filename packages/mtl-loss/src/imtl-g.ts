import { checkNumbers, chosen, type FeatureBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
import { float32Tolerance, gramianEigen, product, settled, spectral } from './gramian-eigen';
import { unitRows, weightsOfRows } from './unit-rows';

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
  const weigh = impartial(solution, tolerance);
  return statelessBalancer('imtl-g', (gramian, { count }) => weigh(gramian, count), { features: true });
}

/** A sum of this share of its terms is zero. */
const rounding = 1e-12;

export function impartial(
  solution: 'closed-form' | 'pseudo-inverse',
  tolerance: number,
): (gramian: Float64Array, count: number) => Float64Array {
  const leastNorm = chosen('solution', solution, { 'closed-form': false, 'pseudo-inverse': true });
  checkNumbers({ tolerance }, 0, 1);
  return (gramian, count) => {
    const units = unitRows(gramian, count);
    const ones = new Float64Array(units.rows.length).fill(1);
    // With y = w ∘ norms and cosines C the projections are Cy: all equal means Cy ∝ 1.
    const pairs = gramianEigen(units.cosines, ones.length, tolerance);
    if (pairs.length < ones.length && leastNorm) {
      const norms = new Float64Array(count);
      for (const [k, i] of units.rows.entries()) norms[i] = units.norms[k]!;
      return shares(spectral(gramianEigen(gramian, count, tolerance), inverse, norms));
    }
    // If one combination vanishes, it has equal projections too, namely none. It is what of 1 lies outside the range of C, unless that is nothing.
    const inside = spectral(pairs, () => 1, ones);
    const outside = settled(ones.map((one, k) => one - inside[k]!));
    const vanishing = pairs.length === ones.length - 1 && product(outside, outside) > tolerance;
    return shares(weightsOfRows(units, vanishing ? outside : settled(spectral(pairs, inverse, ones)), count));
  };
}

const inverse = (value: number) => 1 / value;

function shares(weights: Float64Array): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const size = weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
  return weights.map((weight) => (Math.abs(total) > rounding * size ? weight / total : 0));
}
