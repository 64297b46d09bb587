import { checkNumbers, type GradientBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
import { float32Tolerance, gramianEigen, product, settled, spectral } from './gramian-eigen';
import { type TaskValues, taskValues } from './task-values';
import { unitRows } from './unit-rows';
import { picked, sizeOf } from './vectors';

export interface ConfigOptions {
  /** The wanted proportions of the update's projections on the unit gradients, by name or in the order of the tasks. Default: equal. */
  readonly preference?: TaskValues;
  /** A gradient of whose square no more than this lies outside the span of others depends on them. Default 1e-6, for Gramians in float32. */
  readonly tolerance?: number;
}

/**
 * ConFIG, conflict-free inverse gradients (Q. Liu, M. Chu, N. Thuerey 2024, arXiv 2408.11104): the direction x whose projections on all unit gradients are equal (or
 * as `preference` has them), as long as the sum of the gradients' projections on it. From the unit rows' Gramian C: x = Σ yᵢuᵢ with y = C⁺p.
 *
 * Independent gradients are all descended; dependent ones (more tasks than parameters, opposite ones) get the least-squares direction, which may oppose some. A zero
 * gradient has weight 0; where the direction vanishes all have. Cost F + T·B.
 */
export function config({ preference, tolerance = float32Tolerance }: ConfigOptions = {}): GradientBalancer<null> {
  const preferenceOf = taskValues('preference', preference);
  checkNumbers({ tolerance }, 0, 1);
  return statelessBalancer('config', (gramian, context, places) => {
    const [rows, norms, cosines, weightsOf] = unitRows(gramian);
    const p = picked(preferenceOf(context, 1, places), rows);
    const pairs = gramianEigen(cosines, tolerance);
    const y = settled(spectral(pairs, -1, p));
    const projections = settled(spectral(pairs, 0, p));
    const square = product(y, projections);
    const length = square > (tolerance * sizeOf(y)) ** 2 ? product(norms, projections) / square : 0;
    return weightsOf(y.map((value) => length * value));
  });
}
