import type { FeatureBalancer } from '@taskloom/core';
import { frankWolfe } from './frank-wolfe';
import { statelessBalancer } from './gradient-balancer';
import { minNormPoint } from './min-norm-point';

export interface MgdaOptions {
  /** `exact` (default): the converged solution, by an active-set method. `frank-wolfe`: the paper's iteration, which stops early. */
  readonly solver?: 'exact' | 'frank-wolfe';
  /** Frank–Wolfe stops at a step below this. Default 1e-3. */
  readonly epsilon?: number;
  /** Frank–Wolfe stops after this many steps. Default 100. */
  readonly iterations?: number;
  /** What each gradient is divided by before: 1 (`none`, default), its norm, its loss, or both (Sener & Koltun 2018). The update then combines the divided gradients. */
  readonly normalization?: 'none' | 'l2' | 'loss' | 'loss+';
}

/**
 * MGDA, the multiple-gradient descent algorithm (J.-A. Désidéri 2012; O. Sener, V. Koltun 2018, arXiv 1810.04650): weights on the simplex that
 * minimise ‖Σ wᵢgᵢ‖². The update conflicts with no task, and is zero exactly where no direction helps all (Pareto stationary).
 * With gradients at the shared representation it is MGDA-UB, the paper's upper bound.
 * It favours small gradients: a task with a tiny one takes nearly all weight. Where several weights give the same update any of them may come out.
 */
export function mgda({
  solver = 'exact',
  epsilon = 1e-3,
  iterations = 100,
  normalization = 'none',
}: MgdaOptions = {}): FeatureBalancer<null> {
  const balancer = statelessBalancer(
    'mgda',
    (gramian, { count, context }) => {
      const divisors = Float64Array.from({ length: count }, (_, i) => {
        const norm = normalization === 'l2' || normalization === 'loss+' ? Math.sqrt(Math.max(0, gramian[i * count + i]!)) : 1;
        const divisor = normalization === 'loss' || normalization === 'loss+' ? norm * Math.abs(context.losses[i]!) : norm;
        // A task at its optimum has nothing to divide.
        return divisor > 0 ? divisor : 1;
      });
      const divided = gramian.map((product, at) => product / divisors[Math.floor(at / count)]! / divisors[at % count]!);
      const weights = solver === 'exact' ? minNormPoint(divided, count) : frankWolfe(divided, count, epsilon, iterations);
      return weights.map((weight, i) => weight / divisors[i]!);
    },
    { features: true },
  );
  return { ...balancer, needs: normalization.startsWith('loss') ? ['gramian', 'losses'] : ['gramian'] };
}
