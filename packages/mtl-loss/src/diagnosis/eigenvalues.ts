import { hostRowsOf } from '@taskloom/core';
import { gramianEigen } from '../gramian-eigen';

/**
 * The effective rank (O. Roy, M. Vetterli 2007) of J from G = J Jᵀ: e^H with H the entropy of G's eigenvalues as shares of their sum. 1 where all rows point one way, the
 * number of rows where they are orthogonal and equally long; 0 for G = 0.
 */
export function effectiveRank(gramian: ArrayLike<number>, count: number): number {
  const values = gramianEigen(hostRowsOf(Float64Array.from(gramian), count), 0).map(([value]) => value);
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return 0;
  const shares = values.map((value) => value / total);
  // A share may be too small for float64, and 0 · log 0 is not a number.
  return Math.exp(shares.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0));
}
