import type { GradientBalancer } from '@taskloom/core';
import { type DualConeOptions, dualConeBalancer } from './dual-cone';

export type DualProjOptions = DualConeOptions;

/**
 * DualProj: the mean gradient (or the preferred combination u), projected onto the dual cone of all gradients, {d : gᵢ·d ≥ 0}: Jᵀv with v = argmin vᵀGv over v ≥ u.
 * GEM (D. Lopez-Paz, M. Ranzato 2017, arXiv 1706.08840) projects so for the sake of earlier tasks.
 *
 * The update is the nearest to the mean that conflicts with no task (up to `regEps`: gᵢ·update ≥ −regEps tr(G) vᵢ), and the mean itself where that does not.
 * Cost F + T·B, and one quadratic program with T unknowns.
 */
export function dualProj(options: DualProjOptions = {}): GradientBalancer<null> {
  return dualConeBalancer('dual-proj', options, (project, shares) => project(shares));
}
