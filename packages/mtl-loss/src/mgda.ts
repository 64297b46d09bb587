import { checkCounts, checkNumbers, chosen, type FeatureBalancer } from '@taskloom/core';
import { frankWolfe } from './frank-wolfe';
import { statelessBalancer } from './gradient-balancer';
import { divided, type Matrix } from './matrix';
import { minNormPoint } from './min-norm-point';
import { projectedGradient } from './projected-gradient';
import { normsOf } from './unit-rows';

export interface MgdaOptions {
  /**
   * `exact` (default): the converged solution, by an active-set method. `frank-wolfe`: the paper's iteration, which stops early. `projected-gradient`: that of the authors'
   * published code, which LibMTL has too; with three tasks and more it may stop at a point half as long again as the solution.
   */
  readonly solver?: 'exact' | 'frank-wolfe' | 'projected-gradient';
  /** An iteration stops at a change below this. Default 1e-3 for `frank-wolfe`, 1e-5 for `projected-gradient`. */
  readonly epsilon?: number;
  /** And after this many steps. Default 100 for `frank-wolfe`, 250 for `projected-gradient`. */
  readonly iterations?: number;
  /** `projected-gradient` goes no nearer to a vertex than this share, so that of two tasks neither is left out. The published code has 0.001. Default 0. */
  readonly clamp?: number;
  /** What each gradient is divided by before: 1 (`none`, default), its norm, its loss, or both (Sener & Koltun 2018). The update then combines the divided gradients. */
  readonly normalization?: 'none' | 'l2' | 'loss' | 'loss+';
}

type Solver = (gramian: Matrix, epsilon: number, iterations: number, clamp: number) => Float64Array;

/**
 * MGDA, the multiple-gradient descent algorithm (J.-A. Désidéri 2012; O. Sener, V. Koltun 2018, arXiv 1810.04650): weights on the simplex that
 * minimise ‖Σ wᵢgᵢ‖². The update conflicts with no task, and is zero exactly where no direction helps all (Pareto stationary).
 * It favours small gradients: a task with a tiny one takes nearly all weight. Where several weights give the same update any of them may come out.
 * At shared features it is MGDA-UB, the upper bound that Sener & Koltun train with. Cost F + T·B, and a quadratic program with T unknowns.
 */
export function mgda({
  solver = 'exact',
  epsilon,
  iterations,
  clamp = 0,
  normalization = 'none',
}: MgdaOptions = {}): FeatureBalancer<null> {
  /** With its least change and its number of steps. */
  const [solve, leastChange, most] = chosen<typeof solver, readonly [Solver, number?, number?]>('solver', solver, {
    exact: [minNormPoint],
    'frank-wolfe': [frankWolfe, 1e-3, 100],
    'projected-gradient': [projectedGradient, 1e-5, 250],
  });
  const [byNorm, byLoss] = chosen<typeof normalization, readonly boolean[]>('normalization', normalization, {
    none: [],
    l2: [true],
    loss: [false, true],
    'loss+': [true, true],
  });
  checkNumbers({ epsilon }, 0);
  checkCounts({ iterations }, 1);
  checkNumbers({ clamp }, 0, 0.5);
  return statelessBalancer(
    'mgda',
    (gramian, { losses }) => {
      // A task at its optimum has nothing to divide.
      const divisors = normsOf(gramian).map((norm, i) => (byNorm ? norm : 1) * (byLoss ? Math.abs(losses[i]!) : 1) || 1);
      return solve(divided(gramian, divisors), (epsilon ?? leastChange)!, (iterations ?? most)!, clamp).map(
        (weight, i) => weight / divisors[i]!,
      );
    },
    { features: true, needs: byLoss ? ['gramian', 'losses'] : ['gramian'] },
  );
}
