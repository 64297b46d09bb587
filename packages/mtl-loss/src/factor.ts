import type { Matrix } from './matrix';
import { filled, without } from './vectors';

/** Least pivot of the Cholesky factor; the diagonal is 1. */
const least = 1e-15;
/** With one below this the rows are nearly dependent. */
const small = 1e-7;

/** Cholesky's factor of some rows and columns of a symmetric matrix with unit diagonal; as rows come and go, what they share with those asked for last is kept. */
export type Factor = readonly [
  /** x, 0 but for these rows, with (these rows and columns) x = b of these rows; with one step of refinement. */
  solve: (rows: readonly number[], b: Float64Array) => Float64Array,
  independent: (rows: readonly number[]) => boolean,
];

export function factorOf(matrix: Matrix): Factor {
  /** What it holds is written before it is read. */
  const lower = matrix.map((row) => row.slice());
  /** The rows that it is the factor of. */
  let done: readonly number[] = [];

  function update(rows: readonly number[]): void {
    let i = 0;
    while (i < rows.length && rows[i] === done[i]) i++;
    for (; i < rows.length; i++)
      for (let j = 0; j <= i; j++) {
        const rest = without(matrix[rows[i]!]![rows[j]!]!, lower[i]!, lower[j]!, j);
        lower[i]![j] = i === j ? Math.sqrt(Math.max(rest, least)) : rest / lower[j]![j]!;
      }
    done = [...rows];
  }

  return [
    (rows, b) => {
      update(rows);
      const x = filled(b.length, 0);
      for (let round = 0; round < 2; round++) {
        const rest = Float64Array.from(rows, (i) => without(b[i]!, matrix[i]!, x));
        for (let i = 0; i < rest.length; i++) rest[i] = without(rest[i]!, lower[i]!, rest, i) / lower[i]![i]!;
        // By columns of the transpose, that is by rows: the factor is read in the order it is stored.
        for (let i = rest.length - 1; i >= 0; i--) {
          rest[i]! /= lower[i]![i]!;
          for (let k = 0; k < i; k++) rest[k]! -= lower[i]![k]! * rest[i]!;
        }
        for (const [k, i] of rows.entries()) x[i]! += rest[k]!;
      }
      return x;
    },
    (rows) => {
      update(rows);
      return rows.every((_, i) => lower[i]![i]! ** 2 >= small);
    },
  ];
}
