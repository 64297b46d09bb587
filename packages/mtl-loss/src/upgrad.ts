import type { GradientBalancer } from '@taskloom/core';
import { projector } from './cone-projection';
import { type DualConeOptions, preferred, regularized } from './dual-cone';
import { statelessBalancer } from './gradient-balancer';

export type UpgradOptions = DualConeOptions;

/**
 * UPGrad (P. Quinton, V. Rey 2024, arXiv 2406.16232): each gradient, times 1/T, is projected onto the dual cone of all, {d : gᵢ·d ≥ 0}, and the update is the sum of
 * the projections: Σᵢ Jᵀvᵢ with vᵢ = argmin vᵀGv over v ≥ eᵢ/T.
 *
 * The update conflicts with no task, is the mean where gradients do not conflict, grows linearly with each gradient, and is zero only where some positive
 * combination of all is. `regEps` costs a little of each: gᵢ·update ≥ −regEps tr(G) wᵢ. Multiply losses, and their part of the update grows as much: a large loss is not tamed.
 * Cost F + T·B, and T quadratic programs with T unknowns.
 */
export function upgrad({ preference, ...options }: UpgradOptions = {}): GradientBalancer<null> {
  return statelessBalancer('upgrad', (gramian, present) => {
    const { count } = present;
    const project = projector(regularized(gramian, count, options), count);
    const shares = preferred(present, preference);
    const weights = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      if (shares[i] === 0) continue;
      const own = new Float64Array(count);
      own[i] = shares[i]!;
      const projected = project(own);
      for (let k = 0; k < count; k++) weights[k]! += projected[k]!;
    }
    return weights;
  });
}
