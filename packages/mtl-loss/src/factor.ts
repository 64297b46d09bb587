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

export function factorOf(matrix: Float64Array, count: number, active: readonly number[] = []): Factor {
  const lower = new Float64Array(count * count);
  /** The rows that it is the factor of. */
  let done: readonly number[] = [];

  function update(rows: readonly number[]): void {
    let i = 0;
    while (i < rows.length && rows[i] === done[i]) i++;
    for (; i < rows.length; i++)
      for (let j = 0; j <= i; j++) {
        let sum = matrix[rows[i]! * count + rows[j]!]!;
        for (let k = 0; k < j; k++) sum -= lower[i * count + k]! * lower[j * count + k]!;
        lower[i * count + j] = i === j ? Math.sqrt(Math.max(sum, pivot)) : sum / lower[j * count + j]!;
      }
    done = rows;
  }

  function substitute(x: Float64Array): void {
    for (let i = 0; i < x.length; i++) {
      let sum = x[i]!;
      for (let k = 0; k < i; k++) sum -= lower[i * count + k]! * x[k]!;
      x[i] = sum / lower[i * count + i]!;
    }
    // By columns of the transpose, that is by rows: the factor is read in the order it is stored.
    for (let i = x.length - 1; i >= 0; i--) {
      const value = x[i]! / lower[i * count + i]!;
      x[i] = value;
      for (let k = 0; k < i; k++) x[k]! -= lower[i * count + k]! * value;
    }
  }

  return {
    active,
    leastPivot() {
      update(this.active);
      return done.reduce((least, _, i) => Math.min(least, lower[i * count + i]! ** 2), 1);
    },
    solve(b) {
      update(this.active);
      const x = new Float64Array(count);
      for (let round = 0; round < 2; round++) {
        const residual = Float64Array.from(done, (i) => done.reduce((left, k) => left - matrix[i * count + k]! * x[k]!, b[i]!));
        substitute(residual);
        for (const [k, i] of done.entries()) x[i]! += residual[k]!;
      }
      return x;
    },
  };
}
