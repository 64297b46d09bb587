/** Least pivot of the Cholesky factor; the diagonal is 1. */
const pivot = 1e-15;

/** Cholesky's factor of the rows and columns `active` of a symmetric matrix with unit diagonal; as rows come and go, what their predecessors share is kept. */
export class Factor {
  active: readonly number[] = [];
  /** The rows that the factor is of. */
  #done: readonly number[] = [];
  readonly #lower: Float64Array;

  constructor(
    readonly matrix: Float64Array,
    readonly count: number,
  ) {
    this.#lower = new Float64Array(count * count);
  }

  /** 1 where there is none. */
  leastPivot(): number {
    this.#update();
    return this.active.reduce((least, _, i) => Math.min(least, this.#lower[i * this.count + i]! ** 2), 1);
  }

  /** x, 0 for the rows that are not active, with (active rows and columns) x = b of the active rows; with one step of refinement. */
  solve(b: Float64Array): Float64Array {
    const { active, count, matrix } = this;
    this.#update();
    const x = new Float64Array(count);
    for (let round = 0; round < 2; round++) {
      const residual = Float64Array.from(active, (i) => {
        let left = b[i]!;
        for (const k of active) left -= matrix[i * count + k]! * x[k]!;
        return left;
      });
      this.#substitute(residual);
      for (const [k, i] of active.entries()) x[i]! += residual[k]!;
    }
    return x;
  }

  #update(): void {
    const { active, count, matrix } = this;
    const lower = this.#lower;
    let i = 0;
    while (i < active.length && active[i] === this.#done[i]) i++;
    for (; i < active.length; i++) {
      const row = i * count;
      for (let j = 0; j <= i; j++) {
        const other = j * count;
        let sum = matrix[active[i]! * count + active[j]!]!;
        for (let k = 0; k < j; k++) sum -= lower[row + k]! * lower[other + k]!;
        lower[row + j] = i === j ? Math.sqrt(Math.max(sum, pivot)) : sum / lower[other + j]!;
      }
    }
    this.#done = active;
  }

  #substitute(x: Float64Array): void {
    const n = x.length;
    const { count } = this;
    const lower = this.#lower;
    for (let i = 0; i < n; i++) {
      let sum = x[i]!;
      for (let k = 0; k < i; k++) sum -= lower[i * count + k]! * x[k]!;
      x[i] = sum / lower[i * count + i]!;
    }
    // By columns of the transpose, that is by rows: the factor is read in the order it is stored.
    for (let i = n - 1; i >= 0; i--) {
      const value = x[i]! / lower[i * count + i]!;
      x[i] = value;
      for (let k = 0; k < i; k++) x[k]! -= lower[i * count + k]! * value;
    }
  }
}
