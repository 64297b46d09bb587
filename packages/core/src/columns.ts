/** Arithmetic on matrices, with tensors' broadcasting: a side of 1 stretches. In double precision on the host, or in tensors. */
export interface Arithmetic<M> {
  add(a: M | number, b: M | number): M;
  sub(a: M | number, b: M | number): M;
  mul(a: M | number, b: M | number): M;
  div(a: M | number, b: M | number): M;
  minimum(a: M | number, b: M | number): M;
  maximum(a: M | number, b: M | number): M;
  /** A condition, for `where`. */
  greater(a: M | number, b: M | number): M;
  where(condition: M, a: M | number, b: M | number): M;
  sqrt(a: M): M;
  abs(a: M): M;
  sign(a: M): M;
  /** How many rows there are. */
  count(a: M): number;
  /** Into so many equal parts of the rows, or into parts of these sizes. */
  split(a: M, parts: number | number[]): M[];
  /** Rows below rows. */
  concat(parts: M[]): M;
  /** Σ wᵢ rowᵢ, [1, columns], for w [rows, 1]. */
  weighted(w: M, rows: M): M;
}

/** What a rule about columns can use. */
export interface Columns<M> extends Arithmetic<M> {
  /** A draw from [0, 1) for each column: [1, columns of `like`]. */
  uniform(like: M): M;
  /** Where rows are gradients at a representation [batch, …, width]. */
  readonly representation?: {
    /** Its values, [1, columns]. */
    readonly values: M;
    /** [rows, columns] → [rows, width], summed over all else. */
    fold(rows: M): M;
    /** [rows, width] → [rows, columns] */
    spread(rows: M): M;
  };
}
