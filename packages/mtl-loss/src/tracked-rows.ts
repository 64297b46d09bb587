import type { Matrix } from './matrix';
import { byPresence } from './present-tasks';
import { filled, joined, placed } from './vectors';

/** The rows of a method that carries one a task, yᵢ ← ownᵢgᵢ + formerᵢyᵢ, as coefficients of g₁ … g_T, y₁ … y_T. */
export type TrackedRows = readonly [own: Float64Array, former: Float64Array];

/** Rows of present tasks keep the share `keep` of what they were and take `takes(i)` times the gradient; those of absent tasks stay. */
export function trackedRows(present: Float64Array, keep: number, takes: (i: number) => number): TrackedRows {
  return [byPresence(present, takes), byPresence(present, () => keep, filled(present.length, 1))];
}

/** Their Gramian [tasks, tasks] from that of the g and the old y, which are the first of its `rows` rows. */
export function trackedGramian(gramian: Float64Array, rows: number, [own, former]: TrackedRows): Matrix {
  const along = (k: number, j: number) => own[j]! * gramian[k * rows + j]! + former[j]! * gramian[k * rows + own.length + j]!;
  return Array.from(own, (_, i) => own.map((_, j) => own[i]! * along(i, j) + former[i]! * along(own.length + i, j)));
}

/** Coefficients [1 + tasks, 2 tasks] of the update Σ wᵢyᵢ and of the new rows. */
export function trackedCoefficients(rows: TrackedRows, weights: Float64Array): Float64Array {
  const each = [...weights.keys()].map((i) => placed(weights.length, [i], [1]));
  return joined(...[weights, ...each].flatMap((factors) => rows.map((part) => part.map((value, i) => value * factors[i]!))));
}
