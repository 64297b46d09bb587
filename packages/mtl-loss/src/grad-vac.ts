import { checkNumbers, type GradientBalancer } from '@taskloom/core';
import { weighGramian } from './present-tasks';
import { surgery } from './surgery';
import { taskOrders } from './task-orders';
import { filled } from './vectors';

export interface GradVacOptions {
  /** β: how fast the targets follow the cosines. Default 0.01, the paper's; LibMTL has 0.5. */
  readonly beta?: number;
  /** Added to the denominators, ‖g‖‖gⱼ‖ of a cosine and ‖gⱼ‖√(1−ρ²). Default 0; the published code has 1e-8, which leaves tiny gradients uncorrected. */
  readonly epsilon?: number;
  /** `permutations[i]`: the order in which row i meets the tasks (its own index is passed over). Default: drawn anew each step. */
  readonly permutations?: readonly (readonly number[])[];
}

/** ρ, row-major [tasks, tasks]: the cosine that row i has come to have with task j. */
export interface GradVacState {
  readonly targets: Float64Array;
}

/** The greatest target: a cosine of 1 is out of reach. */
const greatest = 0.99999999;

/**
 * Gradient vaccine (Z. Wang et al. 2020, arXiv 2010.05874): as in PCGrad each gᵢ meets the other tasks in random order, but where its cosine c with gⱼ is below a target
 * ρᵢⱼ, not only below 0, it gets as much of gⱼ as makes the cosine ρᵢⱼ: g ← g + gⱼ ‖g‖ (ρ√(1−c²) − c√(1−ρ²)) / (‖gⱼ‖√(1−ρ²)). Then ρᵢⱼ ← (1−β)ρᵢⱼ + βc. The update is
 * the sum of the rows. Targets start at 0: the first step is PCGrad's.
 *
 * The published code keeps targets for the whole model or for each layer; for the latter,
 * `multiTaskGradients` takes `blocks`.
 *
 * Promises no conflict for two tasks only. Pairs with a zero gradient are passed over, and targets of absent tasks wait. Cost F + T·B, and O(T³).
 */
export function gradVac({ beta = 0.01, epsilon = 0, permutations }: GradVacOptions = {}): GradientBalancer<GradVacState> {
  checkNumbers({ beta }, 0, 1);
  checkNumbers({ epsilon }, 0);
  return {
    kind: 'gradient-balancer',
    name: 'grad-vac',
    needs: ['gramian'],
    init: ({ length }) => ({ targets: filled(length ** 2, 0) }),

    weigh(gramian, state, context) {
      const tasks = context.present.length;
      const targets = state.targets.slice();
      const weights = weighGramian(gramian, context, (products, own, places) => {
        const meet = (i: number, j: number, cosine: number) => {
          const at = places[i]! * tasks + places[j]!;
          const target = Math.min(targets[at]!, greatest);
          targets[at]! += beta * (cosine - targets[at]!);
          return target;
        };
        return surgery(products, taskOrders('grad-vac', permutations, own, places), meet, epsilon);
      });
      return { weights, state: { targets } };
    },
  };
}
