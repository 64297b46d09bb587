import { checkCounts, checkNumbers, type GradientBalancer } from '@taskloom/core';
import { bargainingPoint } from './bargaining-point';
import { quadratic } from './matrix';
import { weighGramian } from './present-tasks';
import { filled, picked, placed } from './vectors';

export interface NashMtlOptions {
  /** Greatest norm of the update, which would be √T without it; 0 for none. Default 1. */
  readonly maxNorm?: number;
  /** Weights are computed in every n-th step and kept between, whatever the gradients do. Default 1. */
  readonly updateEvery?: number;
}

/** The weights of the last computation before the norm limit, 0 where there are none, and the steps since. */
export interface NashMtlState {
  readonly weights: Float64Array;
  readonly age: number;
}

/**
 * Nash-MTL (A. Navon et al. 2022, arXiv 2202.01017): the Nash bargaining solution, positive weights with (Gw)ᵢ = 1/wᵢ, exactly (the published code approaches it
 * by a sequence of convex programs). Every task gains the same share: gᵢ·update = 1/wᵢ > 0, and multiplying one gradient changes nothing but its weight.
 *
 * The update's norm is √T, hence `maxNorm` wherever the gradients lead: its length says nothing of how far the optimum is, so a learning rate has to fall.
 * Weights are about 1/‖gᵢ‖: tiny ones are right where gradients are large.
 *
 * One task alone keeps weight 1, up to the norm limit. A zero gradient has weight 0. Where no direction helps all (Pareto stationary) there is no bargain: all
 * weights are 0, and the next step tries again, as it does when a task is present that has no weight. Cost F + T·B, and O(T³) for about six Newton steps.
 */
export function nashMtl({ maxNorm = 1, updateEvery = 1 }: NashMtlOptions = {}): GradientBalancer<NashMtlState> {
  checkCounts({ updateEvery }, 1);
  checkNumbers({ maxNorm }, 0);
  return {
    kind: 'gradient-balancer',
    name: 'nash-mtl',
    needs: ['gramian'],
    init: ({ length }) => ({ weights: filled(length, 0), age: 0 }),

    weigh(gramian, state, context) {
      let { weights: kept, age } = state;
      const weights = weighGramian(gramian, context, (products, _, places) => {
        if (age % updateEvery === 0 || places.some((i) => kept[i] === 0)) {
          kept = placed(kept.length, places, places.length === 1 ? [1] : bargainingPoint(products));
          age = 0;
        }
        const chosen = picked(kept, places);
        const square = quadratic(products, chosen);
        return maxNorm > 0 && square > maxNorm ** 2 ? chosen.map((weight) => (weight * maxNorm) / Math.sqrt(square)) : chosen;
      });
      return { weights, state: { weights: kept, age: age + 1 } };
    },
  };
}
