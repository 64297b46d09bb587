import type { Matrix } from './matrix';
import { filled, without } from './vectors';

/** Least pivot of the Cholesky factor; the diagonal is 1. */
const pivot = 1e-15;

/** Cholesky's factor of the rows and columns `active` of a symmetric matrix with unit diagonal; as rows come and go, what their predecessors share is kept. */
export interface Factor {
  active: readonly number[];
  /** 1 where there is none. */
  leastPivot(): number;
  /** x, 0 for the rows that are not active, with (active rows and columns) x = b of the active rows; with one step of refinement. */
  solve(b: Float64Array): Float64Array;
}

export function factorOf(matrix: Matrix, active: readonly number[] = []): Factor {
  const lower = matrix.map((row) => new Float64Array(row.length));
  /** The rows that it is the factor of. */
  let done: readonly number[] = [];

  function update(rows: readonly number[]): void {
    let i = 0;
    while (i < rows.length && rows[i] === done[i]) i++;
    for (; i < rows.length; i++)
      for (let j = 0; j <= i; j++) {
        const rest = without(matrix[rows[i]!]![rows[j]!]!, lower[i]!, lower[j]!, j);
        lower[i]![j] = i === j ? Math.sqrt(Math.max(rest, pivot)) : rest / lower[j]![j]!;
      }
    done = rows;
  }

  function substitute(x: Float64Array): void {
    for (let i = 0; i < x.length; i++) x[i] = without(x[i]!, lower[i]!, x, i) / lower[i]![i]!;
    // By columns of the transpose, that is by rows: the factor is read in the order it is stored.
    for (let i = x.length - 1; i >= 0; i--) {
      x[i]! /= lower[i]![i]!;
      for (let k = 0; k < i; k++) x[k]! -= lower[i]![k]! * x[i]!;
    }
  }

  return {
    active,
    leastPivot() {
      update(this.active);
      return done.reduce((least, _, i) => Math.min(least, lower[i]![i]! ** 2), 1);
    },
    solve(b) {
      update(this.active);
      const x = filled(b.length, 0);
      for (let round = 0; round < 2; round++) {
        const residual = Float64Array.from(done, (i) => without(b[i]!, matrix[i]!, x));
        substitute(residual);
        for (const [k, i] of done.entries()) x[i]! += residual[k]!;
      }
      return x;
    },
  };
}
