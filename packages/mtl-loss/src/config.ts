import { checkNumbers, type GradientBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
import { float32Tolerance, gramianEigen, product, settled, spectral } from './gramian-eigen';
import { type TaskValues, taskValues } from './task-values';
import { unitRows, weightsOfRows } from './unit-rows';

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
  return statelessBalancer('config', (gramian, { count, indices, context }) => {
    const units = unitRows(gramian, count);
    const p = units.rows.map((k) => preferenceOf(context.tasks[k]!, indices[k]!) ?? 1);
    const pairs = gramianEigen(units.cosines, p.length, tolerance);
    const y = settled(spectral(pairs, (value) => 1 / value, p));
    const projections = settled(spectral(pairs, () => 1, p));
    const square = product(y, projections);
    const size = y.reduce((sum, value) => sum + Math.abs(value), 0);
    if (!(square > tolerance ** 2 * size * size)) return new Float64Array(count);
    const length = product(units.norms, projections) / square;
    return weightsOfRows(
      units,
      y.map((value) => length * value),
      count,
    );
  });
}
