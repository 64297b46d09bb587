import type { GradientBalancer } from '@taskloom/core';
import { type DualConeOptions, dualConeBalancer } from './dual-cone';
import { filled, placed, plus } from './vectors';

export type UpgradOptions = DualConeOptions;

/**
 * UPGrad (P. Quinton, V. Rey 2024, arXiv 2406.16232): each gradient, times 1/T, is projected onto the dual cone of all, {d : gᵢ·d ≥ 0}, and the update is the sum of
 * the projections: Σᵢ Jᵀvᵢ with vᵢ = argmin vᵀGv over v ≥ eᵢ/T.
 *
 * The update conflicts with no task, is the mean where gradients do not conflict, grows linearly with each gradient, and is zero only where some positive
 * combination of all is. `regEps` costs a little of each: gᵢ·update ≥ −regEps tr(G) wᵢ. Multiply losses, and their part of the update grows as much: a large loss is not tamed.
 * Cost F + T·B, and T quadratic programs with T unknowns.
 */
export function upgrad(options: UpgradOptions = {}): GradientBalancer<null> {
  return dualConeBalancer('upgrad', options, (project, shares) =>
    shares.reduce((sum, share, i) => plus(sum, project(placed(shares.length, [i], [share]))), filled(shares.length, 0)),
  );
}
