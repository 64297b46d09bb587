import { matrixOf } from './products';

/** The rows of a method that carries one a task, yᵢ ← ownᵢgᵢ + formerᵢyᵢ, as coefficients of g₁ … g_T, y₁ … y_T. */
export interface TrackedRows {
  readonly own: Float64Array;
  readonly former: Float64Array;
}

/** Rows of present tasks keep the share `keep` of what they were and take `takes(i)` times the gradient; those of absent tasks stay. */
export function trackedRows(present: Float64Array, keep: number, takes: (i: number) => number): TrackedRows {
  return { own: present.map((here, i) => (here > 0 ? takes(i) : 0)), former: present.map((here) => (here > 0 ? keep : 1)) };
}

/** Their Gramian [tasks, tasks] from that of the g and the old y, which are the first of its `rows` rows. */
export function trackedGramian(gramian: Float64Array, rows: number, { own, former }: TrackedRows): Float64Array {
  const tasks = own.length;
  const along = (k: number, j: number) => own[j]! * gramian[k * rows + j]! + former[j]! * gramian[k * rows + tasks + j]!;
  return matrixOf(tasks, (i, j) => own[i]! * along(i, j) + former[i]! * along(tasks + i, j));
}

/** Coefficients [1 + tasks, 2 tasks] of the update Σ wᵢyᵢ and of the new rows. */
export function trackedCoefficients({ own, former }: TrackedRows, weights: Float64Array): Float64Array {
  const tasks = own.length;
  const rows = 2 * tasks;
  const coefficients = new Float64Array((1 + tasks) * rows);
  for (let i = 0; i < tasks; i++)
    for (const [at, coefficient] of [
      [i, own[i]!],
      [tasks + i, former[i]!],
    ] as const) {
      coefficients[at] = weights[i]! * coefficient;
      coefficients[(1 + i) * rows + at] = coefficient;
    }
  return coefficients;
}
